"""A month ends while a query is under way, by the clock of the service (S21)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from deploy.local import worker
from deploy.local.programs import Program
from shared.contracts.limits import (
    LimitsUsage,
    UsageChanged,
    UsageSummary,
    WindowOpened,
)
from shared.contracts.limits.queries import AskLimits, AskSummary
from shared.contracts.moments import end_of, in_milliseconds, window_of
from tests.journeys.test_limits import asked, granted
from tests.journeys.traveller import Traveller
from tests.limits.making import asks_for, confirmed
from tests.making import on_plan

HALF_AN_HOUR = timedelta(minutes=30)
COUNTED = """
    SELECT used, held FROM counters
    WHERE account_id = $1 AND limit_type = 'ahrefs_queries' AND month = $2
"""


@contextmanager
def clock_at(moment: datetime, environment: Mapping[str, str]) -> Iterator[None]:
    """The one worker of limits lives at another time."""
    ahead = (moment - datetime.now(UTC)).total_seconds()
    with worker.running("limits", {**environment, "CLOCK_OFFSET": str(ahead)}):
        yield


@pytest.fixture
def stopped(team: Traveller, limits_worker: Program) -> Iterator[None]:
    """Whoever lives now rests while the team is asking."""
    assert team.account, "who asks is there first"
    limits_worker.stop()
    yield
    limits_worker.start()
    limits_worker.wait_until_ready()


async def shown(team: Traveller) -> dict[str, tuple[int, int, int | None]]:
    reply = await team.client.ask(AskLimits(), team.account)
    assert isinstance(reply.data, LimitsUsage), reply.error
    return {row.type: (row.current, row.held, row.remaining) for row in reply.data.rows}


async def counted(environment: Mapping[str, str], account: str, month: str) -> tuple[int, int]:
    connection = await asyncpg.connect(environment["LIMITS_DATABASE_URL"])
    try:
        row = await connection.fetchrow(COUNTED, account, month)
    finally:
        await connection.close()
    assert row is not None, "what was used in a month stays written"
    return row["used"], row["held"]


@pytest.mark.usefixtures("stopped")
async def test_s21_a_query_counts_in_the_month_in_which_it_was_granted(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    account, month = team.account, window_of(datetime.now(UTC))
    midnight = end_of(month)
    following = window_of(midnight)
    with clock_at(midnight - HALF_AN_HOUR, environment):
        await team.tell(on_plan("starter", account))
        most = granted(await asked(team, asks_for(1, 49, "ahrefs_queries", account)))
        kept = granted(await asked(team, asks_for(2, 10, account=account)))
        await team.tell(confirmed(most.hold_id, 49, account), confirmed(kept.hold_id, 10, account))
        wish = asks_for(3, 1, "ahrefs_queries", account, ttl_s=7200)
        fiftieth = granted(await asked(team, wish))
        refused = await asked(team, asks_for(4, 1, "ahrefs_queries", account))

    assert refused.error is not None
    assert refused.error.code == "limit.reached"
    assert refused.error.resets_at == in_milliseconds(midnight)
    assert (fiftieth.window, fiftieth.resets_at) == (month, in_milliseconds(midnight))

    with clock_at(midnight, environment):
        (opened,) = await team.ears.hear(WindowOpened)
        assert (opened.window, opened.resets_at) == (following, in_milliseconds(end_of(following)))
        assert await shown(team) == {
            "sites": (0, 0, 2),
            "users": (0, 0, 2),
            "keywords": (10, 0, 990),
            "ahrefs_queries": (0, 0, 50),
        }
        await team.tell(confirmed(fiftieth.hold_id, 1, account))
        first = granted(await asked(team, asks_for(5, 1, "ahrefs_queries", account)))
        summary = (await team.client.ask(AskSummary(), account)).data

    assert (first.window, first.current, first.available) == (following, 1, 49)
    assert await counted(environment, account, month) == (50, 0)
    assert await counted(environment, account, following) == (0, 1)
    assert isinstance(summary, UsageSummary)
    last = (end_of(following) - timedelta(days=1)).date()
    period = summary.period
    assert (period.start, period.end) == (midnight.date().isoformat(), last.isoformat())
    assert period.days_remaining == last.day - 1
    await team.ears.hear_until(UsageChanged, lambda state: state.window == following)
