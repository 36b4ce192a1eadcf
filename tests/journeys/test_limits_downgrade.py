"""Limits are passed and nearly reached, as a customer is told (S16, S24)."""

import asyncio
from collections.abc import Mapping

from shared.contracts.limits import (
    InviteReplied,
    OverageCleared,
    OverageDetected,
    ThresholdReached,
    UsageChanged,
)
from shared.contracts.operating import (
    AlertRaised,
    AlertReadReplied,
    AlertReadRequested,
    Alerts,
    AskAlerts,
)
from shared.contracts.services import SERVICES
from tests.journeys.test_limits import asked, granted, used
from tests.journeys.test_price_change import token
from tests.journeys.traveller import LONGEST_WAIT_SECONDS, Traveller
from tests.limits.making import (
    accepted,
    asks_for,
    asks_for_site,
    confirmed,
    invite,
    keywords_gone,
    opened,
    site_made,
)
from tests.making import on_plan

(LIMITS,) = [service for service in SERVICES if service.name == "limits"]


async def add(team: Traveller, number: int, quantity: int) -> None:
    """So many keywords more; return when that is known."""
    hold = granted(await asked(team, asks_for(number, quantity, account=team.account)))
    goal, known = (await used(team))["keywords"][0] + quantity, len(team.ears.of(UsageChanged))
    await team.tell(confirmed(hold.hold_id, quantity, team.account))
    async with asyncio.timeout(LONGEST_WAIT_SECONDS):
        while goal not in map(current, team.ears.of(UsageChanged)[known:]):
            await team.ears.listen()


def current(state: UsageChanged) -> int:
    (row,) = [row for row in state.limits if row.type == "keywords"]
    return row.current


async def grown(team: Traveller, admin: str) -> None:
    """4 sites, 3 users and 3,200 keywords on Growth."""
    account = team.account
    await team.tell(on_plan("growth", account), opened(account))
    await team.tell(*(site_made(number, account) for number in range(1, 5)))
    asking = [invite(number, account=account) for number in (1, 2)]
    replies = await asyncio.gather(*(team.client.request(x, actor=admin) for x in asking))
    for number, reply in enumerate(replies):
        assert isinstance(reply, InviteReplied)
        assert reply.data is not None, reply.error
        await team.tell(accepted(reply.data.member_id, f"user-{number}", account))
    await add(team, 10, 3_200)


async def test_s16_a_downgrade_takes_nothing_away_and_lets_nothing_new_in(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    account, admin = team.account, token(environment, "admin", team.account)
    await grown(team, admin)

    await team.tell(on_plan("starter", account, version=2))

    (over,) = await team.ears.hear(OverageDetected)
    found = {item.type: (item.used, item.over_by) for item in over.items}
    assert found == {"sites": (4, 2), "users": (3, 1), "keywords": (3_200, 2_200)}
    alerts = await team.ears.hear(AlertRaised, 3)
    assert [alert.kind for alert in alerts] == ["limits.overage"] * 3
    error = (await team.client.request(asks_for_site(20, account), actor=admin)).error
    assert error is not None
    assert (error.code, error.current, error.limit, error.over_by) == ("limit.reached", 4, 2, 2)

    await team.tell(*(keywords_gone(*range(n, n + 550), account=account) for n in GONE))
    (cleared,) = await team.ears.hear(OverageCleared)
    assert [(item.type, item.used) for item in cleared.items] == [("keywords", 1_000)]
    await team.tell(keywords_gone(9_999, account=account))
    first, second = [await asked(team, asks_for(n, 1, account=account)) for n in (30, 31)]
    assert (granted(first).current, granted(first).available) == (1_000, 0)
    assert second.error is not None
    assert second.error.code == "limit.reached"
    assert (await used(team))["sites"] == (4, 0)


GONE = (0, 550, 1_100, 1_650)  # From where 550 keywords are deleted each.


async def test_s24_each_mark_of_a_limit_is_told_once_and_read_once(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    account, viewer = team.account, token(environment, "viewer", team.account)
    await team.tell(on_plan("starter", account))
    for number, quantity in enumerate((799, 1, 100, 100), start=1):
        await add(team, number, quantity)
    await team.tell(keywords_gone(*range(210), account=account))
    await add(team, 5, 210)
    await team.ears.silence()
    assert (await used(team))["keywords"] == (1_000, 0)

    alerts = team.ears.of(AlertRaised)
    marks = [(alert.kind, alert.threshold, alert.severity) for alert in alerts]
    told = [("info", 80), ("warning", 90), ("error", 100)]
    assert marks == [("limits.threshold", threshold, severity) for severity, threshold in told]
    facts = [(fact.threshold, fact.used) for fact in team.ears.of(ThresholdReached)]
    assert facts == [(80, 800), (90, 900), (100, 1_000)]
    ids = [alert.alert_id for alert in alerts[:2]]
    command = AlertReadRequested(account_id=account, source="limits", alert_ids=ids)
    reply = await team.client.request(command, actor=viewer)
    assert isinstance(reply, AlertReadReplied)
    assert reply.data is not None, reply.error
    assert (reply.data.read, reply.data.unread_count) == (2, 1)
    question = AskAlerts(unread=True)
    unread = (await team.client.ask(question, account, actor=viewer, service=LIMITS)).data
    assert isinstance(unread, Alerts)
    assert [row.alert_id for row in unread.rows] == [alerts[2].alert_id]
