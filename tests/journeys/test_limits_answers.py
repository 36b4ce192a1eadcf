"""What a no says, and what gives room again, as others see it (S17, S19, S20, S22)."""

import asyncio
from collections.abc import Mapping

import pytest

from shared.contracts.errors import Error
from shared.contracts.limits import (
    MemberRemoveReplied,
    SiteApproved,
    SiteCreationReplied,
    TeamInvited,
)
from shared.contracts.limits.answers import Team
from shared.contracts.limits.queries import AskTeam
from shared.contracts.message import Command
from tests.journeys.test_limits import asked, granted, used
from tests.journeys.test_price_change import token
from tests.journeys.traveller import Traveller
from tests.limits.making import (
    OWNER,
    asks_for,
    asks_for_site,
    confirmed,
    ended,
    invite,
    opened,
    released,
    remove,
    site_failed,
    site_gone,
    site_made,
)
from tests.making import on_plan, uuid


def approved(reply: object) -> SiteApproved:
    assert isinstance(reply, SiteCreationReplied)
    assert reply.data is not None, reply.error
    return reply.data


async def refused(team: Traveller, command: Command, actor: str | None = None) -> Error:
    reply = await team.client.request(command, actor=actor)
    assert reply.error is not None
    return reply.error


async def taken(team: Traveller, limit_type: str, current: int) -> None:
    """Wait until so much of a limit is used, and nothing of it held."""
    async with asyncio.timeout(30):
        while (await used(team))[limit_type] != (current, 0):
            await asyncio.sleep(0.05)


async def with_all_used(team: Traveller, quantity: int, limit_type: str) -> None:
    """On Starter, with so much of a limit in use."""
    await team.tell(on_plan("starter", team.account))
    hold = granted(await asked(team, asks_for(1, quantity, limit_type, team.account)))
    await team.tell(confirmed(hold.hold_id, quantity, team.account))
    await taken(team, limit_type, quantity)


@pytest.mark.parametrize(
    "purpose", ["keyword.add", "keyword.import", "keyword.research", "keyword.cluster", "api"]
)
async def test_s17_a_full_keyword_box_says_what_can_be_done(team: Traveller, purpose: str) -> None:
    await with_all_used(team, 1_000, "keywords")

    error = await refused(team, asks_for(2, 1, account=team.account, purpose=purpose))

    assert (error.code, error.title) == ("limit.reached", "Keyword Limit Reached")
    numbers = error.current, error.limit, error.requested, error.available
    assert numbers == (1_000, 1_000, 1, 0)
    assert [x.plan_code for x in error.suggestions if x.plan_code] == ["growth"]
    assert [x.limit for x in error.suggestions if x.limit] == [5_000]
    labels = [action.label for action in error.actions]
    assert labels == ["Manage Keywords", "Upgrade Plan", "Cancel"]
    text = " ".join((error.title, error.message, *(x.text for x in error.suggestions)))
    assert "402" not in text
    assert "Error" not in text


async def test_s19_room_that_nobody_used_is_given_back_and_asked_for_again_once(
    team: Traveller,
) -> None:
    """The importer died after its hold: the same request has the same hold, counted once."""
    await with_all_used(team, 847, "keywords")
    wish = asks_for(2, 100, account=team.account, allow_partial=True)

    first, again = granted(await asked(team, wish)), granted(await asked(team, wish))
    await team.tell(*[confirmed(first.hold_id, 100, team.account)] * 2)

    assert first == again
    await taken(team, "keywords", 947)


async def test_s20_the_fiftieth_query_runs_the_next_hears_when_there_is_more(
    team: Traveller,
) -> None:
    await with_all_used(team, 49, "ahrefs_queries")
    silent = granted(await asked(team, asks_for(2, 1, "ahrefs_queries", team.account)))
    await team.tell(released(silent.hold_id, team.account))
    await taken(team, "ahrefs_queries", 49)

    last = granted(await asked(team, asks_for(3, 1, "ahrefs_queries", team.account)))
    error = await refused(team, asks_for(4, 1, "ahrefs_queries", team.account))

    assert (last.current, last.available) == (50, 0)
    assert (error.code, error.resets_at) == ("limit.reached", last.resets_at)


async def test_s20_free_has_no_queries_and_hears_who_has(team: Traveller) -> None:
    error = await refused(team, asks_for(1, 1, "ahrefs_queries", team.account))

    assert error.code == "feature.not.included"
    offered = [(x.plan_code, x.limit) for x in error.suggestions if x.plan_code]
    assert offered == [("starter", 50)]


async def test_s22_a_site_that_failed_frees_its_place_and_one_that_exists_counts_once(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    admin, account = token(environment, "admin", team.account), team.account
    await team.tell(on_plan("starter", account), opened(account))
    await team.tell(site_made(1, account))
    first = approved(await team.client.request(asks_for_site(1, account), actor=admin))
    assert (await refused(team, asks_for_site(2, account), admin)).code == "limit.reached"

    await team.tell(site_failed(account, request_id=uuid(1)))
    await taken(team, "sites", 1)
    second = approved(await team.client.request(asks_for_site(3, account), actor=admin))
    made = site_made(2, account, hold_id=second.hold_id)
    await team.tell(made, made, site_gone(1, account))

    assert first.hold_id != second.hold_id
    await taken(team, "sites", 1)


async def test_s22_a_seat_is_free_when_its_invitation_ends_and_the_last_owner_stays(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    account = team.account
    owner = token(environment, "owner", account)
    await team.tell(on_plan("starter", account), opened(account))
    await team.client.request(invite(1, account=account), actor=owner)
    (invited,) = await team.ears.hear(TeamInvited)
    error = await refused(team, invite(2, account=account), owner)
    assert (error.code, error.title) == ("limit.reached", "Team Limit Reached")

    await team.tell(ended(invited.member_id, account))
    await taken(team, "users", 1)
    await team.client.request(invite(3, account=account), actor=owner)
    await team.ears.hear(TeamInvited, 2)

    seats = await team.client.ask(AskTeam(search=OWNER), account)
    assert isinstance(seats.data, Team), seats.error
    reply = await team.client.request(remove(seats.data.rows[0].member_id, account), actor=owner)
    assert isinstance(reply, MemberRemoveReplied)
    assert reply.error is not None
    assert reply.error.code == "conflict"
    assert (await used(team))["users"] == (2, 0)
