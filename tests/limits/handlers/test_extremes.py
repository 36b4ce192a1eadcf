"""Numbers as large as the contract allows: whatever comes of one, its neighbours are answered.

The account lives on the plan that an extreme one changes, and has the limit that one gives.
"""

import pytest

from services.limits import domain
from shared.contracts.limits import HoldReplied, PlanUpdated
from shared.contracts.message import Message
from shared.contracts.types import JsonObject
from tests.askers import everybody
from tests.contracts.filled import extremes_of, filled, numbers_in
from tests.limits.handlers.worker import Worker
from tests.limits.making import asks_for, opened
from tests.making import on_plan, uuid
from tests.permissions import Subject

EXTREMES = [
    pytest.param(message, path, number, id=f"{message.topic} {path} {number}")
    for message in domain.OBEYED
    for path, kind in numbers_in(message)
    for number in extremes_of(kind)
]


@pytest.mark.parametrize(("message", "path", "number"), EXTREMES)
async def test_an_extreme_number_harms_nobody(
    worker: Worker, account: str, message: type[Message], path: str, number: int
) -> None:
    code = f"plan-{account}" if message is PlanUpdated else "scale"
    first, *_ = await worker.obey(asks_for(1, 50, account=account))
    said: JsonObject = {
        "account_id": account,
        "hold_id": first.said["data"]["hold_id"],
        "limit_type": "keywords",
        "plan_code": code,
        "request_id": uuid(2),
        "clear": False,
    }
    odd = Subject(message, account, filled(message, {path: number}, said))
    asker = next(one for one in everybody(account) if message.who.is_service or one.tokens)

    await worker.obey(on_plan(code, account), opened(account))
    await worker.obey(asks_for(3, 50, account=account), odd.told_by(asker))
    await worker.obey(asks_for(4, 50, account=account))

    answered = {reply.id for reply in worker.recorder.messages(HoldReplied)}
    assert answered >= {uuid(1), uuid(3), uuid(4)}
    assert (await worker.tells("limits.usage", account))["rows"]
