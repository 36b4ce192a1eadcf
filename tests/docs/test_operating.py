"""What docs/operating.md tells operators to set, to watch and to do is true."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import asyncpg
import pytest
import typer.main
from typer.core import TyperGroup

from deploy import cli
from services.credits import verify as credits_verify
from services.credits.partitions import make_partitions
from services.limits import verify as limits_verify
from shared import postgres
from shared.actor import keys_in
from shared.months import MONTHS_AHEAD, months_from
from shared.service import Service
from shared.settings import Settings
from tests.databases import own_database
from tests.docs.reading import blocks, page, quoted, rows, section
from tests.docs.test_dashboards import told

PAGE = page("docs/operating.md")
SETTINGS = section(PAGE, "## Settings")
MISSING = "-", "required", "required by credits", "required by limits"

ENTRY = """
    INSERT INTO ledger (lane, account_id, seq, created_at, transaction_id, type, plan_delta,
        purchased_delta, balance_after, reference_type, reference_id, description)
    VALUES (0, gen_random_uuid(), 1, $1, gen_random_uuid(), 'adjustment', 1, 0, 1, 'adjustment',
        'x', 'x')
"""


def listed() -> dict[str, list[str]]:
    """Every variable with the other cells of its row."""
    table = rows(SETTINGS)
    return {name: row[1:] for row in table for name in quoted(row[0])}


def test_every_setting_of_a_worker_is_listed_with_its_default() -> None:
    known = listed()
    for name, field in Settings.model_fields.items():
        default = known[name.upper()][0]
        value = None if field.is_required() else field.default
        assert (
            default in MISSING
            if value in (None, "")
            else quoted(default) == [f"{value:g}" if isinstance(value, float) else str(value)]
        )


def test_no_variable_is_listed_that_nothing_reads_or_writes(
    environment: Mapping[str, str],
) -> None:
    own = {"IGNY8_CACHE", "PYTHON"}
    assert listed().keys() == {name.upper() for name in Settings.model_fields} | {
        *environment,
        *own,
    }


def test_every_metric_is_explained_with_its_labels() -> None:
    explained: dict[str, tuple[str, ...]] = {}
    for names, labels, *_ in rows(section(PAGE, "## Metrics")):
        explained |= {name: tuple(filter(None, labels.split(", "))) for name in quoted(names)}
    assert explained == told()


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("## Verify", credits_verify.INVARIANTS.words),
        ("## Verify: limits", limits_verify.INVARIANTS.words),
    ],
)
def test_every_invariant_is_explained_in_the_words_of_verify(
    heading: str, words: Mapping[str, str]
) -> None:
    assert {row[0]: row[1] for row in rows(section(PAGE, heading))} == words


@cache
def commands() -> Mapping[str, set[str]]:
    """What can be called, `dlq list` too, with its options."""
    cli.add_commands("")
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    found = dict(group.commands)
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            found |= {f"{name} {one}": inner for one, inner in command.commands.items()}
    return {
        name: {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        for name, command in found.items()
    }


def called(text: str) -> Iterator[list[str]]:
    lines = [line for block in blocks(text, "sh") for line in block.text.splitlines()]
    for line in (*quoted(text), *lines):
        if line.startswith("igny8 "):
            yield line.split()[1:]


@pytest.mark.parametrize("name", ["README.md", "docs/operating.md"])
def test_every_command_on_a_page_can_be_called(name: str) -> None:
    known = commands()
    for words in called(page(name)):
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        assert name in known
        options = {word for word in words if word.startswith("--")}
        assert options <= known[name]


def test_the_page_shows_a_file_of_keys_as_it_is_read() -> None:
    (keys,) = blocks(section(PAGE, "## Keys of actors"), "text")
    assert keys_in(keys.text).keys() == {"2026-11", "2027-02"}


@pytest.fixture(scope="module")
def service(home: Path, environment: Mapping[str, str]) -> Iterator[Service]:
    with own_database(home, environment, "credits", "docs") as url:
        servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
        yield Service(
            "credits", Settings(kafka_bootstrap_servers=servers, credits_database_url=url)
        )


async def test_rows_in_the_default_table_are_moved_as_the_page_says(service: Service) -> None:
    *_, month, following = months_from(datetime.now(UTC), MONTHS_AHEAD + 1)
    (block,) = blocks(section(PAGE, "## Tables a month"), "sql")
    sql = block.text.replace("2027_01", f"{month:%Y_%m}").replace("2027-01", f"{month:%Y-%m}")
    sql = sql.replace("2027-02", f"{following:%Y-%m}")
    async with postgres.connected(service.settings.credits_database_url, "docs") as database:
        service.database = database
        pool = database.pool_for(None)
        await pool.execute(ENTRY, month)
        await make_partitions(service)
        assert await count(pool, "ledger_other") == 1
        assert await pool.fetchval("SELECT to_regclass($1)", f"ledger_{month:%Y_%m}") is None

        await pool.execute(sql)

        assert await count(pool, "ledger_other") == 0
        assert await count(pool, f"ledger_{month:%Y_%m}") == 1
        await make_partitions(service)
        for table in ("ledger", "ledger_other", f"ledger_{month:%Y_%m}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(f"DELETE FROM {table}")


async def count(pool: postgres.Pool, table: str) -> int:
    number: int = await pool.fetchval(f"SELECT count(*) FROM {table}")
    return number


async def test_offsets_of_a_topic_are_forgotten_as_the_page_says(service: Service) -> None:
    (block,) = blocks(section(PAGE, "## A topic made anew"), "sql")
    async with postgres.connected(service.settings.credits_database_url, "docs") as database:
        pool = database.pool_for(None)
        offsets = "INSERT INTO kafka_offsets VALUES ('credits', $1, 0, 0, 1, 0)"
        for topic in ("ai.operation.requested", "invoice.paid"):
            await pool.execute(offsets, topic)
        await pool.execute(block.text)
        rows_left = await pool.fetch("SELECT topic FROM kafka_offsets")
        assert [row["topic"] for row in rows_left] == ["invoice.paid"]
