"""`igny8 forget`: what is older than it is kept goes, once its sums are there; the ledger never."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest
import pytest_asyncio

from deploy.errors import OperatorError
from deploy.forget import forgotten, leave_alone, line
from deploy.rebuild import rebuilt
from services.credits.partitions import KEPT_SINCE, make_partitions
from shared.retention import Old
from tests.credits.handlers.test_price_changes import VERIFIER, by
from tests.credits.handlers.worker import working
from tests.credits.rules.pricing import config_update
from tests.databases import own_database
from tests.deploy.conftest import Operator, own_surroundings
from tests.making import ANN, BOB, completed, paid, record

Books: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

DAY = 24 * 60 * 60.0
LONG_AGO, LATELY = 500, 250  # Days.
# What was charged since the log begins, and is not in it: what `igny8 verify` would miss.
MISSING = f"""
    SELECT subject_id FROM reservations
    WHERE closed_at >= ({KEPT_SINCE}) AND NOT EXISTS (
        SELECT FROM usage WHERE (usage.lane, usage.account_id, operation_id)
                                = (reservations.lane, reservations.account_id, subject_id))
"""


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "forget") as url:
        yield url


@pytest_asyncio.fixture
async def books(url: str) -> AsyncIterator[Books]:
    """Two accounts that worked, and ran dry: long ago, then lately, then now."""
    for number, days in enumerate((LONG_AGO, LATELY, 0), start=1):
        async with at(url, days, number):
            continue
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@asynccontextmanager
async def at(url: str, days: int, number: int) -> AsyncIterator[None]:
    """So many days ago both paid and worked, and a price was changed."""
    async with working(url, clock_offset=-days * DAY, verifier=VERIFIER) as worker:
        await make_partitions(worker.service)
        said = [paid(40, ANN, number), completed(number, ANN)]
        said += [paid(90, BOB, number), completed(number + 10, BOB)]
        change = by("developer", config_update(expected=number, tokens_per_credit=80 + number))
        await worker.obey([*map(record, said), change])
        yield


def settings(url: str, **more: str) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": "nowhere:0", "CREDITS_DATABASE_URL": url} | more


def names(found: list[Old], kept: str | None = None) -> set[str]:
    return {old.table for old in found if old.rows and old.kept_because == kept}


async def counts(books: Books, *tables: str) -> list[int]:
    return [await books.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def test_what_would_go_is_said_and_stays(url: str, books: Books) -> None:
    before = await counts(books, "usage", "audit", "alerts", "ledger", "hourly_usage")

    found = await forgotten(settings(url), "credits", leave_alone)

    assert names(found) == {"usage", "alerts"}
    assert sum(old.rows for old in found if old.table == "usage") == 2
    assert await counts(books, "usage", "audit", "alerts", "ledger", "hourly_usage") == before


async def test_old_months_of_usage_go_and_their_sums_stay(url: str, books: Books) -> None:
    sums, ledger, audit = await counts(books, "hourly_usage", "ledger", "audit")

    await forgotten(settings(url), "credits")

    assert await counts(books, "usage", "hourly_usage", "ledger", "audit") == [
        4,
        sums,
        ledger,
        audit,
    ]
    assert await books.fetch(MISSING) == []
    anew = await rebuilt(settings(url), "credits")
    assert anew.wrong == 0, "sums without rows are not mended away"
    assert names(await forgotten(settings(url), "credits")) == set()


async def test_usage_may_all_be_forgotten(url: str, books: Books) -> None:
    await books.execute("GRANT DELETE ON usage TO CURRENT_USER")
    await books.execute("DELETE FROM usage WHERE created_at > now() - interval '300 days'")
    await books.execute("DELETE FROM reservations WHERE closed_at > now() - interval '300 days'")

    await forgotten(settings(url), "credits")

    assert await counts(books, "usage") == [0]
    assert await books.fetch(MISSING) == []


async def test_a_month_whose_sums_differ_stays_and_so_do_all_after_it(
    url: str, books: Books
) -> None:
    await books.execute("DELETE FROM hourly_usage WHERE hour < now() - interval '400 days'")

    found = await forgotten(settings(url, USAGE_KEPT_DAYS="100"), "credits")

    old = [one for one in found if one.table == "usage"]
    assert "the sums of 2 accounts differ from it" in {one.kept_because for one in old}
    assert old[-1].kept_because == "an older month stays"
    assert await counts(books, "usage") == [6]


async def test_a_month_stays_while_older_rows_lie_in_no_months_table(
    url: str, books: Books
) -> None:
    async with working(url, clock_offset=-3 * LONG_AGO * DAY) as worker:
        await worker.obey([record(paid(40, ANN, 9)), record(completed(9, ANN))])

    found = await forgotten(settings(url), "credits")

    assert names(found, "older rows lie in usage_other") == {"usage"}
    assert await counts(books, "usage") == [7]


async def test_alerts_and_audit_go_when_their_time_is_over(url: str, books: Books) -> None:
    kinds = "SELECT count(DISTINCT month) FROM alerts"
    assert await books.fetchval(kinds) == 3

    await forgotten(settings(url), "credits")
    assert await books.fetchval(kinds) == 1
    await forgotten(settings(url, AUDIT_KEPT_DAYS="300"), "credits")
    assert await counts(books, "audit") == [2]


async def test_alerts_of_this_month_stay_for_their_marks(url: str, books: Books) -> None:
    this_month = "SELECT count(*) FROM alerts WHERE month = to_char(now(), 'YYYY-MM')"
    before = await books.fetchval(this_month)

    await forgotten(settings(url, ALERTS_KEPT_DAYS="1"), "credits")

    assert await books.fetchval(this_month) == before > 0


@pytest.mark.usefixtures("books")
async def test_what_is_kept_for_ever_stays(url: str) -> None:
    never = {"USAGE_KEPT_DAYS": "0", "ALERTS_KEPT_DAYS": "0", "AUDIT_KEPT_DAYS": "0"}

    assert await forgotten(settings(url, **never), "credits") == []


async def test_while_somebody_reads_an_old_month_it_is_not_waited_for(
    url: str, books: Books
) -> None:
    async with books.transaction():
        await books.execute("LOCK TABLE usage IN ACCESS SHARE MODE")
        with pytest.raises(OperatorError, match="call it again later"):
            await forgotten(settings(url), "credits")


async def test_wrong_settings_are_said_by_name() -> None:
    with pytest.raises(OperatorError, match="USAGE_KEPT_DAYS"):
        await forgotten(settings("postgresql://nowhere", USAGE_KEPT_DAYS="-1"), "credits")


async def test_without_a_database_nothing_is_forgotten() -> None:
    with pytest.raises(OperatorError, match="CREDITS_DATABASE_URL is missing"):
        await forgotten(settings(""), "credits")


@pytest.mark.usefixtures("books")
async def test_a_line_says_what_became_of_it(url: str) -> None:
    (old, *_) = [one for one in await forgotten(settings(url), "credits", leave_alone) if one.rows]

    assert line("credits", old, "dropped").split()[:2] == ["credits", old.name]
    assert line("credits", old, "dropped").endswith("2 rows  dropped")


@pytest.fixture
def caller(url: str, tmp_path: Path) -> Operator:
    """Who calls commands on these books of credits, and on none of limits."""
    return Operator(tmp_path, own_surroundings() | settings(url))


@pytest.mark.usefixtures("books")
async def test_what_the_first_service_dropped_is_told_when_the_next_one_fails(
    url: str, caller: Operator
) -> None:
    old = await forgotten(settings(url), "credits", leave_alone)

    called = caller.calls("forget")

    assert called.returncode == 1
    assert called.stderr.splitlines()[-1] == "igny8: LIMITS_DATABASE_URL is missing"
    assert called.stdout.splitlines() == [line("credits", one, "dropped") for one in old]
    assert len(old) > 1


async def test_what_went_before_something_that_others_work_with_is_told(
    url: str, books: Books, caller: Operator
) -> None:
    *months, alerts = await forgotten(settings(url), "credits", leave_alone)
    async with books.transaction():
        await books.execute("SELECT FROM alerts WHERE created_at < $1 FOR UPDATE", alerts.until)
        called = await asyncio.to_thread(caller.calls, "forget", "--service", "credits")

    assert (called.returncode, alerts.name) == (1, "alerts")
    assert "call it again later" in called.stderr.splitlines()[-1]
    assert called.stdout.splitlines() == [line("credits", one, "dropped") for one in months]


@pytest.mark.usefixtures("books")
def test_one_service_may_forget_alone(caller: Operator) -> None:
    called = caller.calls("forget", "--service", "credits", "--dry-run")

    assert called.returncode == 0, called.stderr
    assert "would be dropped" in called.stdout


def test_a_service_that_nobody_knows_is_said_in_one_line(caller: Operator) -> None:
    called = caller.calls("forget", "--service", "debits")

    assert called.returncode == 1
    assert called.stderr == "igny8: nothing of debits is forgotten; there is credits, limits\n"
