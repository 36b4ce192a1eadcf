"""Who may ask what of limits: every question, asked by everybody, with good tokens and bad ones.

The page is written down here once more: whoever adds a question says here who may ask it.
"""

from collections.abc import Sequence
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.limits import LimitsQuery
from shared.contracts.limits.queries import QUESTIONS
from shared.contracts.types import JsonObject
from tests.askers import Asker, everybody
from tests.limits.handlers.worker import Worker
from tests.limits.making import OWNER, asks_for, invite, opened, override
from tests.making import on_plan, reader, uuid
from tests.permissions import asked_by, assert_answered_to_whoever_may, params_of
from tests.signing import VERIFIER, by

WHO = {
    "alerts.list": "svc, member",
    "audit.list": "svc, admin",
    "command.outcome": "svc, member",
    "limits.usage": "svc, member",
    "system.health": "svc, member",
    "team.members": "svc, admin",
    "usage.summary": "svc, member",
}
HOLD = asks_for(1, 77)
SAID: dict[str, JsonObject] = {"command.outcome": {"topic": HOLD.topic, "id": uuid(1)}}
EMAIL = "somebody-of-theirs@example.org"
NUMBERS = ('"held":77', '"granted":77', '"limit":80')

reading = reader(LimitsQuery, verifier=VERIFIER)


async def busy(worker: Worker) -> str:
    """An account with something behind every question."""
    account = str(uuid4())
    seat = by("owner", invite(2, EMAIL, account), OWNER)
    limit = by("developer", override("keywords", 80, account=account))
    await worker.obey(on_plan("growth", account), opened(account), seat, limit)
    await worker.obey(asks_for(1, 77, account=account))
    return account


async def answers(
    worker: Worker, query: str, account: str, askers: Sequence[Asker]
) -> list[tuple[Asker, JsonObject]]:
    params = params_of(QUESTIONS[query], SAID.get(query, {}))
    asked = LimitsQuery(query=query, params=params, account_id=account)
    replies = await worker.answers(*(asked_by(asker, asked, reading) for asker in askers))
    return list(zip(askers, replies, strict=True))


def test_every_question_says_who_may_ask_it(worker: Worker) -> None:
    assert WHO.keys() == QUESTIONS.keys() == worker.limits.desk.questions.keys()


@pytest.mark.parametrize("query", sorted(WHO))
async def test_whoever_may_ask_is_answered_and_nobody_else(worker: Worker, query: str) -> None:
    account = await busy(worker)

    told = await answers(worker, query, account, everybody(account))

    assert_answered_to_whoever_may(told, WHO[query])


@pytest.mark.parametrize("query", sorted(WHO))
async def test_nobody_is_told_of_another_tenant(worker: Worker, query: str) -> None:
    account, other = await busy(worker), str(uuid4())
    friends = [one for one in everybody(other) if one.is_one_of(WHO[query])]

    told = await answers(worker, query, other, friends)

    for asker, reply in told:
        said = msgspec.json.encode(reply).decode()
        assert reply["status"] == "ok", asker.name
        assert not [x for x in (account, EMAIL, OWNER, *NUMBERS) if x in said], asker.name
