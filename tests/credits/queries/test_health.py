"""`system.health` and `service.health.reported`: a service by what its processes report."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from services.credits.handlers import Credits, answer
from shared.contracts.credits import CreditsQuery
from shared.contracts.types import JsonObject, Role
from shared.health.pulse import Behind, Pulse
from shared.health.reports import KEPT_MINUTES, Reporter
from shared.postgres import transaction
from tests.credits.queries.clerk import Clerk, token
from tests.databases import own_database

QUERY = "system.health"
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Books of a service of which nobody else reports."""
    with own_database(home, environment, "credits", "health") as url:
        yield url


def worked(records: int, failed: int = 0, seconds: float = 0.004) -> Pulse:
    pulse = Pulse()
    pulse.worked(records, failed, seconds)
    return pulse


async def reports(clerk: Clerk, instance: str, pulse: Pulse, ago: timedelta) -> None:
    """A process wrote this down so long ago."""
    credits: Credits = clerk.credits
    async with transaction(credits.service.database.pool_for(None)) as tx:
        now = await tx.fetchval("SELECT clock_timestamp()")
        await Reporter(credits.service, instance).write(tx, now - ago, pulse)


async def health(clerk: Clerk, account: str, **params: int) -> JsonObject:
    said = await clerk.tells(QUERY, account, token("viewer", account), **params)
    del said["at"]
    return said


async def test_a_process_reports_what_it_did_and_begins_anew(clerk: Clerk, account: str) -> None:
    service = clerk.credits.service
    service.pulse.worked(94, 6, 0.004)
    reporter = Reporter(service, "credits-1")

    await reporter.report()
    await reporter.report()

    first, second = (sent.said for sent in clerk.recorder.of("service.health.reported"))
    assert (first["service"], first["instance"]) == ("credits", "credits-1")
    assert (first["status"], first["error_rate"], first["p95_ms"]) == ("warning", "0.0638", 5)
    assert (second["status"], second["error_rate"], second["p95_ms"]) == ("healthy", "0.0000", 0)
    assert await health(clerk, account) == {
        "service": "credits",
        "status": "warning",
        "instances": 1,
        "lag_records": 0,
        "oldest_age_s": 0,
        "error_rate": "0.0638",
        "p95_ms": 5,
    }


async def test_processes_are_counted_together(clerk: Clerk, account: str) -> None:
    await reports(clerk, "credits-1", worked(100), ago=A_MINUTE)
    await reports(clerk, "credits-2", worked(100, failed=30, seconds=3), ago=A_MINUTE)

    said = await health(clerk, account)

    assert (said["instances"], said["status"]) == (2, "critical")
    assert (said["error_rate"], said["p95_ms"]) == ("0.1500", 5000)


async def test_lag_is_that_of_the_last_report_of_each(clerk: Clerk, account: str) -> None:
    service = clerk.credits.service
    service.on_queries([CreditsQuery], partial(answer, clerk.credits))
    for instance, lag, minutes in (("one", 900, 2), ("one", 7, 1), ("two", 5, 1)):
        service.pollers[0].behind = Behind(lag, lag // 2)
        await reports(clerk, instance, worked(1), ago=minutes * A_MINUTE)

    said = await health(clerk, account)

    assert (said["lag_records"], said["oldest_age_s"]) == (12, 3)


async def test_only_the_minutes_that_are_asked_about_count(clerk: Clerk, account: str) -> None:
    await reports(clerk, "gone", worked(10, failed=10), ago=30 * A_MINUTE)
    await reports(clerk, "here", worked(10), ago=A_MINUTE)

    now = await health(clerk, account)
    then = await health(clerk, account, minutes=60)

    assert (now["instances"], now["status"]) == (1, "healthy")
    assert (then["instances"], then["status"], then["error_rate"]) == (2, "critical", "0.5000")
    error = await clerk.refuses(QUERY, account, minutes=61)
    assert error["fields"][0]["path"] == "params.minutes"


async def test_where_nobody_reports_nobody_is_healthy(clerk: Clerk, account: str) -> None:
    said = await health(clerk, account)

    assert (said["instances"], said["status"]) == (0, "critical")


async def test_reports_are_kept_for_an_hour(clerk: Clerk) -> None:
    await reports(clerk, "old", worked(1), ago=(KEPT_MINUTES + 1) * A_MINUTE)
    await reports(clerk, "rehearsed", worked(1), ago=-(KEPT_MINUTES + 1) * A_MINUTE)
    await reports(clerk, "new", worked(1), ago=A_MINUTE)

    pool = clerk.credits.service.database.pool_for(None)
    await reports(clerk, "newest", worked(1), ago=A_MINUTE)
    assert {row[0] for row in await pool.fetch("SELECT instance FROM health")} == {"new", "newest"}


@pytest.mark.parametrize("role", ["developer", None])
async def test_it_is_about_no_account_for_developers(clerk: Clerk, role: Role | None) -> None:
    """Services name one, as everywhere."""
    if role is None:
        assert (await clerk.refuses(QUERY, None))["code"] == "invalid"
    else:
        assert (await clerk.tells(QUERY, None, token(role, None)))["service"] == "credits"
