"""Books that are right are found right, and each kind of damage is found for what it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.examination import Report, examine
from services.limits.verify import INVARIANTS
from shared import retained
from shared.verifying import BUSY, taken
from tests.databases import own_database
from tests.limits.handlers.lives import LATER_SECONDS, Life
from tests.limits.handlers.worker import working

DAMAGE = {
    "I3": "UPDATE counters SET held = held + 1 WHERE limit_type = 'keywords'",
    "I17": "UPDATE counters SET used = used + 1 WHERE limit_type = 'ahrefs_queries'",
    "I7": "UPDATE counters SET over_by = over_by + 1, over_since = now() WHERE month = '-'",
    "I4": "UPDATE holds SET counted = counted + confirmed + 1 WHERE state = 'released'",
    "I5": "UPDATE members SET role = 'viewer'",
    "I16": "UPDATE holds SET state = 'held', closed_at = NULL, expires_at = now() - interval '1 h' "
    "WHERE state = 'expired'",
}


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "limits", "limits_books") as url:
        yield url


# The polls are made up: Kafka has none of them, so the offsets are not looked at.
async def test_damage_is_found_for_what_it_is(url: str, environment: dict[str, str]) -> None:
    async with working(url) as worker, working(url, clock_offset=LATER_SECONDS) as later:
        await Life().live(worker, later)
        pool = worker.service.database.pool_for(None)
        async with (
            retained.opened(environment["KAFKA_BOOTSTRAP_SERVERS"]) as topics,
            pool.acquire() as tx,
        ):
            for invariant, damage in [("", "SELECT 1"), *DAMAGE.items()]:
                damaged = tx.transaction()
                await damaged.start()
                await tx.execute(damage)
                report = Report()
                snapshot = await taken(tx, topics, INVARIANTS.topics, BUSY, LATER_SECONDS)
                await examine(report, "limits", snapshot, ["rows"])
                await damaged.rollback()
                rows = [row for row in report.invariants if row.id in DAMAGE]
                broken = {row.id: row.finding.violations for row in rows if row.finding.broken}
                assert invariant in broken if invariant else broken == {}, damage
    assert report.worth_knowing == [
        "hard keys sites, users, keywords",
        "monthly key ahrefs_queries",
    ]
