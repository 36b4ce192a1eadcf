"""Lists come a page at a time: each row once, in one order, and nobody else's among them."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from shared.contracts.limits import LimitsQuery
from shared.contracts.types import Json, JsonObject
from shared.lanes import lane_of
from tests.databases import own_database
from tests.limits.handlers.worker import Worker
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    invite,
    opened,
    override,
    site_made,
)
from tests.making import letter, on_plan, reader
from tests.signing import VERIFIER, by

SIZE = 10  # The smallest page.
MOST_PAGES = 50

reading = reader(LimitsQuery, verifier=VERIFIER)


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """A database that knows nobody but whom these tests speak of."""
    with own_database(home, environment, "limits", "limits_pages") as url:
        yield url


def neighbour(account: str) -> str:
    """Another account, whose rows lie in the same lane."""
    return next(one for one in (str(uuid4()) for _ in count()) if lane_of(one) == lane_of(account))


async def team_of(worker: Worker, account: str, size: int) -> None:
    """An owner, and whoever he invited: `user1@example.com` and so on."""
    unlimited = by("developer", override("users", None, account=account))
    await worker.obey(opened(account), unlimited)
    for number in range(1, size):
        await worker.obey(by("admin", invite(number, account=account)))


async def pages(worker: Worker, query: str, account: str | None) -> AsyncIterator[list[JsonObject]]:
    """Page after page, as a developer sees them, until no other follows."""
    page: JsonObject = {"size": SIZE}
    for _ in range(MOST_PAGES):
        asked = LimitsQuery(query=query, params={"page": page}, account_id=account)
        (reply,) = await worker.answers(reading.read(by("developer", asked)))
        told = reply["data"]
        yield told["rows"]
        if "next_cursor" not in told:
            return
        page = {"size": SIZE, "cursor": told["next_cursor"]}
    raise AssertionError("the pages have no end")


async def test_a_team_is_told_in_the_order_in_which_it_came(worker: Worker, account: str) -> None:
    await team_of(worker, account, 2 * SIZE + 1)
    await team_of(worker, neighbour(account), 3)

    told = [page async for page in pages(worker, "team.members", account)]

    assert [len(page) for page in told] == [SIZE, SIZE, 1]
    emails = [row["email"] for page in told for row in page]
    assert emails == ["ann@example.com", *(f"user{number}@example.com" for number in range(1, 21))]
    assert not [row for page in told for row in page if "account_id" in row]


async def test_a_page_that_is_just_full_is_the_last_one(worker: Worker, account: str) -> None:
    await team_of(worker, account, 2 * SIZE)

    assert [len(page) async for page in pages(worker, "team.members", account)] == [SIZE, SIZE]


async def test_all_teams_are_told_account_by_account(worker: Worker) -> None:
    accounts = sorted(str(uuid4()) for _ in range(4))
    for account in reversed(accounts):
        await team_of(worker, account, 6)

    told = [row async for page in pages(worker, "team.members", None) for row in page]

    own = [(row["account_id"], row["email"]) for row in told if row["account_id"] in accounts]
    team = "ann@example.com", *(f"user{number}@example.com" for number in range(1, 6))
    assert own == [(account, email) for account in accounts for email in team]
    assert len({row["member_id"] for row in told}) == len(told)


async def test_seats_that_are_held_stand_beside_those_that_are_taken(
    worker: Worker, account: str
) -> None:
    await worker.obey(on_plan("scale", account), opened(account))
    await worker.obey(asks_for(1, 2, "users", account))

    seats = (await worker.tells("team.members", account))["seats"]

    assert (seats["current"], seats["held"]) == (1, 2)


async def test_members_are_found_by_what_they_are_and_how_they_are_called(
    worker: Worker, account: str
) -> None:
    await team_of(worker, account, 3)
    rows = (await worker.tells("team.members", account))["rows"]
    await worker.obey(accepted(rows[1]["member_id"], "Ben-Of-Ann", account))

    async def found(**wanted: Json) -> list[str]:
        told = await worker.tells("team.members", account, **wanted)
        return [row["email"] for row in told["rows"]]

    ann, ben, other = "ann@example.com", "user1@example.com", "user2@example.com"
    assert await found(search="ben-OF") == [ben]
    assert await found(search=OWNER) == [ann]
    assert await found(state=["invited"]) == [other]
    assert await found(state=["active"]) == [ann, ben]
    assert await found(state=["removed"]) == []
    assert await found(state=["active", "invited"], search="USER") == [ben, other]


async def test_questions_of_one_poll_have_pages_of_their_own(worker: Worker, account: str) -> None:
    await team_of(worker, account, SIZE + 1)
    first = await worker.tells("team.members", account, page={"size": SIZE})
    asked: list[JsonObject] = [
        {"size": 25},
        {"cursor": "abc"},
        {"size": SIZE, "cursor": first["next_cursor"]},
    ]
    letters = [
        letter(
            LimitsQuery(query="team.members", params={"page": page}, account_id=account),
            {"correlation_id": b"page-%d" % number},
        )
        for number, page in enumerate(asked)
    ]

    whole, wrong, second = await worker.answers(*letters)

    assert len(whole["data"]["rows"]) == SIZE + 1
    assert wrong["error"]["code"] == "invalid"
    assert [row["email"] for row in second["data"]["rows"]] == ["user10@example.com"]


async def test_changes_by_hand_are_told_the_newest_first(worker: Worker, account: str) -> None:
    others = neighbour(account)
    for version in range(SIZE + 2):
        for whose in (account, others):
            limit = override("sites", 5 + version, version, whose)
            await worker.obey(by("developer", limit))

    told = [page async for page in pages(worker, "audit.list", account)]

    assert [len(page) for page in told] == [SIZE, 2]
    rows = [row for page in told for row in page]
    assert [row["after"]["limit"] for row in rows] == [*range(5 + SIZE + 1, 4, -1)]
    assert {row["account_id"] for row in rows} == {account}
    everybody = [row async for page in pages(worker, "audit.list", None) for row in page]
    assert {account, others} <= {row["account_id"] for row in everybody}


async def test_changes_of_one_moment_are_told_each_once(worker: Worker, account: str) -> None:
    changes = [override("sites", number, number, account) for number in range(2 * SIZE + 1)]
    await worker.obey(*(by("developer", one) for one in changes))

    told = [row async for page in pages(worker, "audit.list", account) for row in page]

    assert len({row["at"] for row in told}) == 1
    assert sorted(row["after"]["limit"] for row in told) == [*range(2 * SIZE + 1)]


async def test_alerts_are_told_the_newest_first_and_as_many_as_are_wanted(
    worker: Worker, account: str
) -> None:
    others = neighbour(account)
    for whose in (others, account):
        await worker.obey(site_made(1, whose), site_made(2, whose))
        await worker.obey(by("developer", override("users", 0, account=whose)), opened(whose))

    both = await worker.tells("alerts.list", account)
    newest = await worker.tells("alerts.list", account, limit=1)

    assert [row["data"]["type"] for row in both["rows"]] == ["users", "sites"]
    assert [row["data"]["type"] for row in newest["rows"]] == ["users"]
    assert both["unread_count"] == newest["unread_count"] == 2
