"""A price change is rehearsed on a month of usage, by the rules of the service itself."""

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest

from deploy.errors import OperatorError
from deploy.prices.uses import span_of
from shared.contracts.message import Message
from shared.contracts.types import Json, JsonObject
from tests.credits.rules.desk import SEED_PRICES
from tests.deploy.conftest import Operator
from tests.deploy.rehearsing import config, credits_of, model, proposed, replayed, written
from tests.deploy.traffic import Stack
from tests.docs.reading import blocks, page, section
from tests.making import (
    ANN,
    BOB,
    completed,
    failed,
    images_completed,
    requested,
)

COUNTS = "SELECT (SELECT count(*) FROM usage), (SELECT version FROM catalogue_version)"


@pytest.mark.parametrize(
    "report",
    [
        completed(1),
        completed(1, tokens_input=0, tokens_output=0),
        completed(1, model_used="gpt-4o-mini"),
        completed(1, model_used="nobody-s"),
        completed(1, model_used=None),
        completed(1, tokens_input=None, tokens_output=None, units=1530, unit_kind="words"),
        completed(1, tokens_output=None, units=1530, unit_kind="words"),
        completed(1, tokens_input=None),
        completed(1, operation_type="clustering", tokens_input=None, tokens_output=None),
        completed(1, operation_type="site_page_generation", units=7, unit_kind="page"),
        images_completed(1, premium=2),
        images_completed(1, premium=2, basic=3, quality=1),
        completed(1, operation_type="image_generation", tokens_output=None, images=[]),
        completed(1, operation_type="image_generation", tokens_output=None, units=4),
    ],
)
def test_the_list_of_today_gives_the_price_of_today(report: Message) -> None:
    rows = replayed(SEED_PRICES, report)

    assert rows
    assert all(row.new == row.old and row.is_certain for row in rows)


def test_a_failure_costs_nothing_by_any_list_and_its_usd_by_the_proposed_one(
    tmp_path: Path,
) -> None:
    prices = proposed(tmp_path, model_prices=[model(cost_per_1k_input="0.00250000")])
    failure = failed(1, model_used="gpt-5.1", tokens_input=1000, tokens_output=0)

    (row,) = replayed(prices, requested(1), failure)

    assert (row.old.credits, row.new.credits) == (0, 0)
    assert (row.old.usd, row.new.usd) == (125_000, 250_000)


def test_tokens_that_were_estimated_are_estimated_anew(tmp_path: Path) -> None:
    """E8: 2,000 + 1,989 tokens at 100 a credit are 40; with 3,060 of them 51."""
    prices = proposed(tmp_path, model_prices=[model(tokens_per_word="2")])
    silent = completed(1, tokens_input=None, tokens_output=None, units=1530, unit_kind="words")

    assert credits_of(replayed(prices, silent)) == [(40, 51)]


def test_work_charged_by_the_estimate_of_its_hold_costs_what_it_did(tmp_path: Path) -> None:
    prices = proposed(tmp_path, cost_configs=[config(tokens_per_credit=80)])
    silent = completed(1, tokens_input=None, tokens_output=None)

    assert credits_of(replayed(prices, requested(1), silent)) == [(50, 50)]


def test_images_have_the_credits_of_their_model(tmp_path: Path) -> None:
    prices = proposed(tmp_path, model_prices=[model("google:4@2", credits_per_image=20)])

    rows = replayed(prices, images_completed(1, premium=2, basic=3))

    assert credits_of(rows) == [(30, 40), (3, 3)]


def test_a_model_may_become_the_default_in_a_file_of_any_order(tmp_path: Path) -> None:
    rows = [model(is_default=False), model("gpt-4o-mini", is_default=True)]

    prices = proposed(tmp_path, model_prices=rows)

    assert prices.latest.default_text is not None
    assert prices.latest.default_text.name == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({}, "proposes nothing"),
        ({"prices": []}, "proposes nothing"),
        ({"cost_configs": [{"operation_type": "x"}]}, "cost_configs[0].mode: Missing"),
        ({"cost_configs": [config(tokens_per_credit=0)]}, "cost_configs[0].tokens_per_credit"),
        ({"model_prices": [model(is_default=False)]}, "model gpt-5.1: is_default"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_with_the_field(
    tmp_path: Path, rows: dict[str, Json], words: str
) -> None:
    with pytest.raises(OperatorError) as refused:
        proposed(tmp_path, **rows)
    assert words in str(refused.value)


def test_the_file_on_the_page_for_operators_is_one(tmp_path: Path) -> None:
    (block,) = blocks(section(page("docs/operating.md"), "## Prices"), "json")
    prices = proposed(tmp_path, **msgspec.json.decode(block.text))

    assert prices.latest.configs["content_generation"].tokens_per_credit == 80


def test_a_month_ends_where_the_next_one_begins() -> None:
    assert span_of("2026-12") == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def month(books: Stack) -> str:
    """The one in which the traffic was."""
    assert books.home.exists()
    return datetime.now(UTC).strftime("%Y-%m")


async def counts(books: Stack) -> tuple[int, ...]:
    connection = await asyncpg.connect(books.environment["CREDITS_DATABASE_URL"])
    try:
        return tuple(await connection.fetchrow(COUNTS) or ())
    finally:
        await connection.close()


@pytest.mark.servers
async def test_real_books_are_replayed_and_nothing_is_written(
    books: Stack, keeper: Operator, month: str, tmp_path: Path
) -> None:
    before = await counts(books)
    file = written(tmp_path, cost_configs=[config(tokens_per_credit=80)])

    called = keeper.calls("prices", "replay", "--config", str(file), "--month", month, "--json")

    assert called.returncode == 0, called.stderr
    said: JsonObject = msgspec.json.decode(called.stdout)
    accounts = {one["account_id"]: one for one in said["accounts"]}
    bobs = accounts[BOB]["by_action"]["content_generation"]
    assert bobs["credits"] == {"old": 620, "new": 775}
    anns = accounts[ANN]["by_action"]
    # Twenty articles and a late one of 4,700 tokens, one of 22,000, a failure.
    assert anns["content_generation"]["actions"] == 23
    assert anns["content_generation"]["credits"] == {
        "old": 21 * 47 + 220,
        "new": 21 * 59 + 275,
    }
    assert anns["image_generation"]["credits"] == {"old": 31, "new": 31}
    assert said["totals"]["uncertain"] == 0
    for side in ("old", "new"):
        parts = sum(one["credits"][side] for one in accounts.values())
        actions = sum(one["credits"][side] for one in said["by_action"].values())
        assert said["totals"]["credits"][side] == parts == actions
    assert await counts(books) == before


@pytest.mark.servers
def test_a_person_reads_a_table_and_what_it_cannot_say(
    keeper: Operator, month: str, tmp_path: Path
) -> None:
    file = written(tmp_path, cost_configs=[config(tokens_per_credit=80)])

    text = keeper.calls("prices", "replay", "--config", str(file), "--month", month).stdout

    assert f"account {ANN}" in text
    assert "What the usage log cannot tell" in text
    row = next(line for line in text.splitlines() if line.startswith("  content_generation"))
    assert "%" in row
    empty = keeper.calls("prices", "replay", "--config", str(file), "--month", "2001-01").stdout
    assert "Nobody used anything in 2001-01." in empty


@pytest.mark.servers
def test_what_cannot_be_replayed_is_said_in_one_line(
    keeper: Operator, month: str, tmp_path: Path
) -> None:
    file = written(tmp_path, cost_configs=[config(tokens_per_credit=80)])
    for path, when, words in (
        (file, "January", "January is no month"),
        (file, "9999-12", "9999-12 has no end that a calendar knows"),
        (tmp_path / "nowhere.json", month, "nowhere.json"),
        (written(tmp_path), month, "proposes nothing"),
    ):
        failed_call = keeper.calls("prices", "replay", "--config", str(path), "--month", when)
        assert failed_call.returncode == 1
        assert words in failed_call.stderr.splitlines()[-1]
        assert "Traceback" not in failed_call.stderr
