"""Numbers as large as the contract allows: whatever comes of one, its neighbours are applied.

What may never happen:

1. A valid record ends the worker, or is tried again for ever.
2. One that cannot be written is lost: it is a dead letter.
3. Its neighbours are not applied.
"""

from itertools import count

import pytest

from services.credits import domain
from shared.contracts.message import Message
from shared.kafka import Record
from shared.lanes import partition_of
from tests import making
from tests.contracts.filled import extremes_of, filled, numbers_in
from tests.credits.handlers.worker import Worker
from tests.making import PARTITIONS, raw_record, record, uuid

PLENTY = 10**9
NUMBERS = count(90_000_000, 1000)
BALANCED = """
    SELECT state, held FROM reservations WHERE account_id = $1 AND subject_id = ANY($2::uuid[])
"""

EXTREMES = [
    pytest.param(message, path, number, id=f"{message.topic} {path} {number}")
    for message in domain.OBEYED
    for path, kind in numbers_in(message)
    for number in extremes_of(kind)
]


def extreme(message: type[Message], path: str, number: int, account: str, operation: str) -> Record:
    """A record of which one number is extreme; what it changes of a catalogue is nobody's."""
    own = f"code-{operation[-12:]}"
    code = "content_generation" if message.keyed_by == "account" else own
    said = {
        "account_id": account,
        "operation_id": operation,
        "operation_type": code,
        "model": None,
        "model_used": None,
        "invoice_id": operation,
        "plan_code": "starter" if message.keyed_by == "account" else own,
        "package_code": own,
    }
    key = (account if message.keyed_by == "account" else own).encode()
    value, home = filled(message, {path: number}, said), partition_of(key, PARTITIONS)
    return raw_record(message.topic, value, key, partition=home)


@pytest.mark.parametrize(("message", "path", "number"), EXTREMES)
async def test_an_extreme_number_harms_nobody(
    worker: Worker, message: type[Message], path: str, number: int
) -> None:
    first = next(NUMBERS)
    account, begun, strange, *good = (uuid(first + place) for place in range(5))
    asked = [record(making.requested(first + place, account)) for place in (1, 3, 4)]
    odd = [extreme(message, path, number, account, one) for one in (begun, strange)]
    done = [record(making.completed(first + place, account)) for place in (1, 2)]

    await worker.obey([record(making.paid(PLENTY, account, invoice=first)), asked[0]])
    await worker.obey([asked[1], *odd, asked[2]])
    await worker.obey(done)

    pool = worker.service.database.pool_for(None)
    rows = await pool.fetch(BALANCED, account, good)
    assert len(rows) == len(good)
    # What took all credits there were has left none for the next.
    assert {tuple(row) for row in rows} <= {("held", 60), ("refused", 0)}
    assert ("held", 60) in {tuple(row) for row in rows}
