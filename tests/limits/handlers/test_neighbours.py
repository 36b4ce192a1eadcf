"""Ids are an account's own: neighbours, whose rows lie in one lane, may use the same ones."""

from itertools import count
from typing import NamedTuple
from uuid import uuid4

import pytest
from msgspec.structs import replace

from shared.contracts.limits import HoldReplied, InviteReplied, LimitsQuery, SiteCreationReplied
from shared.contracts.message import Message
from shared.contracts.types import JsonObject
from shared.kafka import Record
from shared.lanes import lane_of
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker, states
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    asks_for_site,
    confirmed,
    invite,
    keywords_gone,
    opened,
    override,
    remove,
    seen,
    site_gone,
    site_made,
    transfer,
)
from tests.making import letter, on_plan, uuid
from tests.recorder import Sent
from tests.signing import by


class Pair(NamedTuple):
    """Two accounts in one lane."""

    ann: str
    ben: str


@pytest.fixture
def pair(account: str) -> Pair:
    others = (str(uuid4()) for _ in count())
    return Pair(account, next(one for one in others if lane_of(one) == lane_of(account)))


def of(account: str, sent: list[Sent]) -> list[Sent]:
    return [one for one in sent if one.key == account.encode()]


def wishes(account: str, quantity: int) -> list["Record | Message"]:
    """For keywords and for a site, under one id."""
    return [asks_for(1, quantity, account=account), by("admin", asks_for_site(1, account))]


async def test_a_request_of_one_is_none_of_the_other(worker: Worker, pair: Pair) -> None:
    """Nor is a wish for a site one for keywords, under whatever id."""
    sizes = (pair.ann, 10), (pair.ben, 20)
    firsts = [await worker.obey(*wishes(*one)) for one in sizes]
    again = [await worker.obey(*wishes(*one)) for one in sizes]

    for first, second in zip(firsts, again, strict=True):
        for topic in (HoldReplied.topic, SiteCreationReplied.topic):
            assert data_of(second, topic) == data_of(first, topic)
    granted = [one.data.granted for one in worker.recorder.messages(HoldReplied) if one.data]
    assert granted == [10, 20, 10, 20]


async def test_the_end_of_a_hold_is_the_end_of_that_one(worker: Worker, pair: Pair) -> None:
    await worker.obey(by("admin", asks_for_site(1, pair.ann)))
    await worker.obey(asks_for(1, 20, account=pair.ben))
    granted = await worker.obey(asks_for(1, 10, account=pair.ann))

    await worker.obey(confirmed(data_of(granted, HoldReplied.topic)["hold_id"], 10, pair.ann))

    every = """
        SELECT granted, state, confirmed, counted, closed_at IS NULL
        FROM holds WHERE account_id = ANY($1::uuid[]) ORDER BY granted
    """
    assert await worker.fetch(every, list(pair)) == [
        (1, "held", 0, 0, True),
        (10, "confirmed", 10, 10, False),
        (20, "held", 0, 0, True),
    ]


async def test_holds_of_many_accounts_end_in_one_poll(worker: Worker, pair: Pair) -> None:
    granted = await worker.obey(*(asks_for(1, 10, account=one) for one in pair))
    holds = {one: data_of(of(one, granted), HoldReplied.topic)["hold_id"] for one in pair}

    sent = await worker.obey(*(confirmed(holds[one], 10, one) for one in pair))

    assert [states(of(one, sent))["keywords"] for one in pair] == [(10, 0), (10, 0)]


async def test_things_of_one_are_none_of_the_other(worker: Worker, pair: Pair) -> None:
    for one in pair:
        await worker.obey(on_plan("growth", one), asks_for(1, 10, account=one))
        granted = worker.recorder.messages(HoldReplied)[-1].data
        assert granted is not None
        await worker.obey(confirmed(granted.hold_id, 10, one))
    await worker.obey(site_made(5, pair.ann), keywords_gone(5, account=pair.ann))
    await worker.obey(site_gone(6, pair.ann))

    polls = site_made(5, pair.ben), site_made(6, pair.ben), keywords_gone(5, account=pair.ben)
    for message in polls:
        sent = await worker.obey(message)

    assert (states(sent)["sites"], states(sent)["keywords"]) == ((2, 0), (9, 0))


async def test_a_site_and_a_keyword_of_one_id_are_two_things(worker: Worker, account: str) -> None:
    keyword = replace(keywords_gone(1, account=account), keyword_ids=[uuid(7)])
    await worker.obey(on_plan("growth", account), keyword)

    assert states(await worker.obey(site_made(7, account)))["sites"] == (1, 0)


async def test_a_team_is_one_accounts_alone(worker: Worker, pair: Pair) -> None:
    for one in pair:
        await worker.obey(on_plan("growth", one), opened(one))
    member = data_of(
        await worker.obey(by("admin", invite(1, "cat@example.org", pair.ann))), InviteReplied.topic
    )["member_id"]
    await worker.obey(accepted(member, "cat", pair.ann))

    theirs = await worker.obey(by("admin", invite(1, "cat@example.org", pair.ben)))
    other = data_of(theirs, InviteReplied.topic)["member_id"]
    await worker.obey(accepted(other, "cat", pair.ben))
    await worker.obey(seen("cat", "2026-01-10T08:00:00Z", 1, pair.ben))

    assert other != member
    when = "SELECT last_seen_at IS NULL FROM members WHERE account_id = $1 AND user_id = 'cat'"
    assert await worker.fetch(when, pair.ann) == [(True,)]
    assert await worker.fetch(when, pair.ben) == [(False,)]


async def test_an_id_used_for_one_command_is_free_for_another(worker: Worker, account: str) -> None:
    await worker.obey(on_plan("growth", account), opened(account))
    invited = await worker.obey(by("owner", invite(1, account=account), OWNER))
    member = data_of(invited, InviteReplied.topic)["member_id"]
    await worker.obey(accepted(member, "ben", account))

    sent = await worker.obey(by("owner", transfer(1, member, account), OWNER))

    assert data_of(sent, "account.ownership.transfer.replied")


async def test_whoever_was_removed_hands_over_nothing(worker: Worker, account: str) -> None:
    await worker.obey(on_plan("scale", account), opened(account))
    ids = []
    for number, name in enumerate(("ben", "cat"), 1):
        invited = await worker.obey(by("owner", invite(number, account=account), OWNER))
        ids.append(data_of(invited, InviteReplied.topic)["member_id"])
        await worker.obey(accepted(ids[-1], name, account))
    await worker.obey(by("owner", transfer(1, ids[0], account), OWNER))
    first = "SELECT member_id::text FROM members WHERE account_id = $1 AND role = 'admin'"
    ((before,),) = await worker.fetch(first, account)
    await worker.obey(by("owner", remove(str(before), account), "ben"))

    (reply,) = await worker.obey(by("owner", transfer(2, ids[1], account), OWNER))

    assert reply.said["error"]["code"] == "forbidden"
    owner = "SELECT user_id FROM members WHERE account_id = $1 AND role = 'owner'"
    assert await worker.fetch(owner, account) == [("ben",)]


async def test_questions_of_one_poll_are_answered_each_about_its_account(
    worker: Worker, pair: Pair
) -> None:
    await worker.obey(*(opened(one) for one in pair))
    for one, number in zip(pair, (50, 70), strict=True):
        await worker.obey(by("developer", override("keywords", number, account=one)))

    for query, rows in (("limits.usage", "rows"), ("usage.summary", "limits")):
        told = await asked_at_once(worker, query, pair)
        assert [one[rows][2]["limit"] for one in told] == [50, 70]
    teams = await asked_at_once(worker, "team.members", pair)
    assert [len(one["rows"]) for one in teams] == [1, 1]


async def asked_at_once(worker: Worker, query: str, pair: Pair) -> list[JsonObject]:
    """What is told to each of them in one poll."""
    questions = [
        letter(LimitsQuery(query=query, account_id=one), {"correlation_id": one.encode()})
        for one in pair
    ]
    return [reply["data"] for reply in await worker.answers(*questions)]
