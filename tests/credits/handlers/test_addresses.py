"""To whom a batch speaks, and because of what: the headers of what follows from several records."""

from itertools import count
from typing import NamedTuple

import msgspec
import pytest

from shared.contracts.credits import BalanceChanged, OperationReplied, OperationRequested
from shared.lanes import lane_of
from tests import making
from tests.credits.handlers.worker import Worker
from tests.making import PARTITIONS, raw_record, record

NUMBERS = count(0xABC_000_000, 0x1000)


class Ids(NamedTuple):
    """An account and operations that no other test knows."""

    account: str
    number: int


@pytest.fixture
def ids() -> Ids:
    number = next(NUMBERS)
    return Ids(making.uuid(number), number)


async def test_the_state_of_an_account_follows_from_the_last_record_about_it(
    worker: Worker, ids: Ids
) -> None:
    account, number = ids
    other = making.uuid(number + 0x500)
    poll = [
        record(making.paid(100, account), {"ce_id": b"first", "correlation_id": b"one"}),
        record(making.requested(number, account), {"ce_id": b"last", "correlation_id": b"two"}),
        record(making.paid(100, other), {"ce_id": b"another"}),
    ]

    await worker.obey(poll)

    states = worker.recorder.of(BalanceChanged.topic)
    because = {
        one.key: (one.header("causation_id"), one.header("correlation_id")) for one in states
    }
    assert because[account.encode()] == (b"last", b"two")
    assert because[other.encode()][0] == b"another"


async def test_a_mistake_under_an_account_in_capitals_is_answered_in_its_stream(
    worker: Worker, ids: Ids
) -> None:
    account, number = ids
    said = {
        "account_id": account.upper(),
        "operation_id": making.uuid(number),
        "operation_type": "clustering",
        "hold_ttl_s": 1,
    }
    home = lane_of(account) % PARTITIONS
    value, key = msgspec.json.encode(said), account.encode()

    await worker.obey([raw_record(OperationRequested.topic, value, key, partition=home)])

    (reply,) = worker.recorder.of(OperationReplied.topic)
    assert (reply.key, reply.partition, reply.said["account_id"]) == (key, home, account)
    assert reply.said["error"]["fields"][0]["path"] == "hold_ttl_s"
