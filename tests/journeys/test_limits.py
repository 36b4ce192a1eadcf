"""Room is asked for and given, as others see it (S17, S19, S22)."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from msgspec.structs import replace

from deploy.local.environment import KAFKA
from shared.client import Client
from shared.contracts.limits import (
    HoldGranted,
    HoldReplied,
    LimitsUsage,
    SiteCreationReplied,
    TeamInvited,
    UsageChanged,
    UsageSummary,
)
from shared.contracts.limits.queries import AskLimits, AskSummary
from shared.contracts.message import Command
from shared.contracts.moments import window_of
from tests.journeys.test_price_change import token
from tests.journeys.traveller import Traveller
from tests.limits.handlers.test_questions import balance
from tests.limits.making import asks_for, asks_for_site, confirmed, invite, opened, site_made
from tests.making import on_plan


async def asked(team: Traveller, command: Command, actor: str | None = None) -> HoldReplied:
    reply = await team.client.request(command, actor=actor)
    assert isinstance(reply, HoldReplied)
    return reply


def granted(reply: HoldReplied) -> HoldGranted:
    assert reply.data is not None, reply.error
    return reply.data


async def used(team: Traveller) -> dict[str, tuple[int, int]]:
    reply = await team.client.ask(AskLimits(), team.account)
    assert isinstance(reply.data, LimitsUsage), reply.error
    return {row.type: (row.current, row.held) for row in reply.data.rows}


async def test_s19_two_imports_at_the_same_time_share_what_is_left(team: Traveller) -> None:
    await team.tell(on_plan("starter", team.account))
    first = granted(await asked(team, asks_for(1, 847, account=team.account)))
    await team.tell(confirmed(first.hold_id, 847, team.account))
    imports = [asks_for(n, 100, account=team.account, allow_partial=True) for n in (2, 3)]

    replies = await asyncio.gather(*(asked(team, one) for one in imports))

    assert sorted(granted(reply).granted for reply in replies) == [53, 100]
    assert sorted(reply.status for reply in replies) == ["ok", "partial"]
    await team.tell(
        *(confirmed(granted(x).hold_id, granted(x).granted, team.account) for x in replies)
    )
    await team.ears.hear_until(UsageChanged, lambda state: state.limits[2].current == 1_000)
    assert (await used(team))["keywords"] == (1_000, 0)
    refused = await asked(team, asks_for(4, 1, account=team.account))
    assert refused.error is not None
    assert (refused.error.title, refused.error.current) == ("Keyword Limit Reached", 1_000)
    upgrade = refused.error.suggestions[-1]
    assert (upgrade.plan_code, upgrade.limit) == ("growth", 5_000)


async def test_s22_of_two_hundred_sites_at_once_only_as_many_as_fit_are_approved(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    admin = token(environment, "admin", team.account)
    await team.tell(on_plan("starter", team.account), opened(team.account))
    many = [replace(asks_for_site(1, team.account), request_id=str(uuid4())) for _ in range(200)]

    async with Client.connected(environment[KAFKA]) as another:
        clients = [team.client, another] * 100
        replies = await asyncio.gather(
            *(client.request(one, actor=admin) for client, one in zip(clients, many, strict=True))
        )

    approved = [reply for reply in replies if reply.status == "ok"]
    codes = {reply.error.code for reply in replies if reply.error is not None}
    assert (len(approved), codes) == (2, {"limit.reached"})
    assert isinstance(approved[0], SiteCreationReplied)
    assert approved[0].data is not None
    await team.tell(site_made(5, team.account, hold_id=approved[0].data.hold_id))
    forbidden = await team.client.request(many[0])
    assert forbidden.error is not None
    assert forbidden.error.code == "forbidden"
    await team.client.request(invite(1, account=team.account), actor=admin)
    await team.ears.hear(TeamInvited)
    assert (await used(team))["users"] == (2, 0)


async def test_credits_are_shown_beside_limits(team: Traveller) -> None:
    await team.tell(balance(team.account, 3, 4_000, window_of(datetime.now(UTC))))

    async with asyncio.timeout(20):
        while (summary := await summed_up(team)).credits.balance == 0:
            await asyncio.sleep(0.1)

    assert (summary.credits.plan_allocation, summary.credits.used_this_month) == (10_000, 6_000)


async def summed_up(team: Traveller) -> UsageSummary:
    reply = await team.client.ask(AskSummary(), team.account)
    assert isinstance(reply.data, UsageSummary), reply.error
    return reply.data
