"""Who may ask what of credits: every question, asked by everybody, with good tokens and bad ones.

The page is written down here once more: whoever adds a question says here who may ask it.
"""

from collections.abc import Sequence
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from shared.contracts.credits import CreditsQuery
from shared.contracts.credits.queries import QUESTIONS
from shared.contracts.types import JsonObject
from tests.askers import WITHOUT_USD, Asker, dollars_in, everybody
from tests.credits.queries.clerk import Clerk, reading
from tests.making import completed, failed, paid, requested, uuid
from tests.permissions import asked_by, assert_answered_to_whoever_may, code_of, params_of
from tests.running import RUN, done, run_requested, stage_done
from tests.signing import ME

WHO = {
    "alerts.list": "svc, member",
    "audit.list": "svc, admin",
    "automation.run": "svc, member",
    "command.outcome": "svc, member",
    "cost.config.list": "svc, member",
    "credits.balance": "svc, member",
    "credits.estimate": "svc, member",
    "credits.forecast": "svc, member",
    "credits.insights": "svc, member",
    "credits.stats": "dev",
    "credits.transactions": "svc, member",
    "model.price.list": "svc, member",
    "operation.detail": "svc, member",
    "system.health": "svc, member",
    "usage.log": "svc, member",
    "usage.log.export": "svc, member",
    "usage.tips": "svc, admin",
}
# What must be said, where no field is needed by itself, or any would do.
SAID: dict[str, JsonObject] = {
    "credits.estimate": {"operation_type": "content_generation"},
    "credits.insights": {"dimension": "model"},
    "command.outcome": {"topic": "ai.operation.requested", "id": uuid(1)},
    "automation.run": {"run_id": uuid(RUN)},
    "operation.detail": {"operation_id": uuid(1)},
}
ABOUT_ONE_THING = ("automation.run", "operation.detail")
SHOWN_BY_DEVELOPERS = {  # The questions whose answers tell what something cost us.
    "credits.estimate",
    "credits.forecast",
    "credits.insights",
    "credits.stats",
    "model.price.list",
    "operation.detail",
    "usage.log",
    "usage.tips",
}


async def answers(
    clerk: Clerk, query: str, account: str, askers: Sequence[Asker]
) -> dict[str, JsonObject]:
    """What each of them is answered, by name."""
    params = params_of(QUESTIONS[query], SAID.get(query, {}))
    asked = CreditsQuery(query=query, params=params, account_id=account)
    replies = await clerk.answers(*(asked_by(asker, asked, reading) for asker in askers))
    return {asker.name: reply for asker, reply in zip(askers, replies, strict=True)}


@pytest_asyncio.fixture
async def busy(clerk: Clerk, account: str) -> str:
    """An account that has seen everything: work of several people, a run, a failure."""
    await clerk.hears(paid(2_000, account), run_requested(account=account))
    await clerk.hears(requested(1, account, user_id=ME), requested(2, account, user_id="bob"))
    await clerk.hears(completed(1, account), failed(2, account))
    await clerk.hears(stage_done(1, done(3), account=account))
    return account


def test_every_question_says_who_may_ask_it(clerk: Clerk) -> None:
    assert WHO.keys() == QUESTIONS.keys() == clerk.credits.desk.questions.keys()


@pytest.mark.parametrize("query", sorted(WHO))
async def test_whoever_may_ask_is_answered_and_nobody_else(
    clerk: Clerk, busy: str, query: str
) -> None:
    askers = everybody(busy)

    told = await answers(clerk, query, busy, askers)
    by_asker = [(asker, told[asker.name]) for asker in askers]
    assert_answered_to_whoever_may(by_asker, WHO[query])


@pytest.mark.parametrize("query", sorted(WHO))
async def test_editors_viewers_and_bots_see_no_usd_and_nobody_elses_name(
    clerk: Clerk, busy: str, query: str
) -> None:
    askers = [one for one in everybody(busy) if one.is_one_of(WHO[query])]
    told = await answers(clerk, query, busy, askers)

    assert bool(dollars_in(told["developer"])) == (query in SHOWN_BY_DEVELOPERS)
    for name in WITHOUT_USD & told.keys():
        assert dollars_in(told[name]) == []
        assert '"bob"' not in msgspec.json.encode(told[name]).decode()


@pytest.mark.parametrize("query", ABOUT_ONE_THING)
async def test_what_is_another_tenants_is_not_found(clerk: Clerk, busy: str, query: str) -> None:
    other = str(uuid4())
    theirs = [one for one in everybody(other) if one.is_one_of(WHO[query])]

    assert set(map(code_of, (await answers(clerk, query, other, theirs)).values())) == {"not.found"}
    own = [one for one in everybody(busy) if one.is_one_of(WHO[query])]
    assert set(map(code_of, (await answers(clerk, query, busy, own)).values())) == {"ok"}


async def test_nobody_knows_the_outcome_of_another_tenants_command(clerk: Clerk, busy: str) -> None:
    other = str(uuid4())

    theirs = await answers(clerk, "command.outcome", other, everybody(other)[:1])
    own = await answers(clerk, "command.outcome", busy, everybody(busy)[:1])

    assert [one["data"]["known"] for one in (*theirs.values(), *own.values())] == [False, True]


def test_every_question_about_one_thing_is_asked_about_another_tenants() -> None:
    """A question that needs an id is a way to somebody else's things."""
    needing = {
        query
        for query, kind in QUESTIONS.items()
        for field in msgspec.structs.fields(kind)
        if field.required and field.encode_name.endswith("_id")
    }
    assert needing == set(ABOUT_ONE_THING)
