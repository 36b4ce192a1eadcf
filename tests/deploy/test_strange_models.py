"""Work of a model in no list has the price of the one asked for, rehearsed and explained (P16)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from deploy.prices.replay import compared
from deploy.prices.uses import of_a_month
from deploy.why.found import Found, find
from deploy.why.story import story_of
from services.credits.partitions import make_partitions
from shared.contracts.credits import UsageRecorded, UsageRow
from shared.contracts.message import Message
from shared.verifying import one_moment
from tests.credits.handlers.worker import working
from tests.credits.rules.desk import SEED_PRICES, Desk, desk_with
from tests.databases import own_database
from tests.deploy.rehearsing import credits_of, model, proposed, replayed
from tests.hearing import all_of
from tests.making import (
    ANN,
    Fields,
    completed,
    images_completed,
    images_requested,
    paid,
    record,
    requested,
    uuid,
)
from tests.running import ARTICLES, RUN, done, run_requested, stage_done

# What was asked for, work of a model in no list, and what it is charged.
STRANGE: Final[Fields] = {"model_used": "somebody-elses"}
MUCH: Final[Fields] = STRANGE | {"tokens_output": 45_000}
STRANGERS: Sequence[tuple[Message, Message, int]] = (
    (requested(1, model="gpt-4o-mini"), completed(1, **MUCH), 47),
    (requested(1), completed(1, **MUCH), 470),
    (requested(1, model="gone"), completed(1, **MUCH), 470),
    (
        run_requested(ARTICLES | {"model": "gpt-4o-mini"}),
        stage_done(1, done(1, 470, **STRANGE)),
        47,
    ),
    (
        run_requested(ARTICLES | {"model": "gpt-4o-mini"}),
        completed(1, run_id=uuid(RUN), stage=1, **MUCH),
        47,
    ),
    (
        replace(images_requested(1, basic=3), model="google:4@2"),
        replace(images_completed(1, basic=3), **STRANGE),
        45,
    ),
)

SUM = re.compile(
    r"(?P<tokens>[\d,]+) tokens(?: x (?P<factor>[\d.]+))? / (?P<each>[\d,]+), rounded up,"
    r" at least (?P<least>\d+)"
)


@pytest.mark.parametrize(("before", "report", "credits"), STRANGERS, ids=count())
def test_a_model_in_no_list_costs_what_the_one_asked_for_does(
    before: Message, report: Message, credits: int
) -> None:
    rows = replayed(SEED_PRICES, before, report)

    assert credits_of(rows) == [(credits, credits)]
    assert all(row.is_certain for row in rows)


def test_another_price_of_the_model_asked_for_is_one_of_a_model_in_no_list(tmp_path: Path) -> None:
    prices = proposed(tmp_path, model_prices=[model("gpt-4o-mini", credit_multiplier="0.200")])

    before, report, _ = STRANGERS[0]
    assert credits_of(replayed(prices, before, report)) == [(47, 94)]


def used(desk: Desk, *messages: Message) -> tuple[str, UsageRow]:
    """What the story of operation 1 says of its use, and the row that it is about."""
    rows = all_of(UsageRecorded, desk.tell(*messages))
    work = desk.book.operations[ANN, uuid(1)]
    found = Found(work, rows, (), None, desk.book.catalogue.prices)
    (step,) = (step for step in story_of(found, ()) if step.what == "used")
    return step.words, rows[0]


def worked_out(words: str) -> int:
    """What a person gets who works out the sum that stands in the story."""
    found = SUM.search(words)
    assert found is not None, words
    tokens, each = (int(found[name].replace(",", "")) for name in ("tokens", "each"))
    thousandths = int((found["factor"] or "1.000").replace(".", ""))
    return max(int(found["least"]), -(-tokens * thousandths // (each * 1000)))


@pytest.mark.parametrize("plan", [300, 100_000], ids=["short of credits", "rich"])
@pytest.mark.parametrize(
    ("before", "report"),
    [
        *((before, report) for before, report, _ in STRANGERS[:-1]),
        (requested(1), completed(1)),
        (requested(1, model="gpt-4o-mini"), completed(1, model_used=None)),
        (requested(1), completed(1, model_used="gpt-4o-mini", tokens_output=60_000)),
        (requested(1), completed(1, tokens_input=0, tokens_output=1)),
    ],
    ids=count(),
)
def test_the_sum_in_the_story_gives_what_the_work_cost(
    before: Message, report: Message, plan: int
) -> None:
    words, row = used(desk_with(plan=plan), before, report)

    assert worked_out(words) == row.credits_used + row.shortfall


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (requested(1, model="gpt-4o-mini"), "priced as gpt-4o-mini, which was asked for"),
        (requested(1), "no model's price counts"),
    ],
)
def test_the_story_says_whose_price_counts_for_a_model_in_no_list(
    before: Message, said: str
) -> None:
    words, _ = used(desk_with(plan=1_000), before, completed(1, **STRANGE))

    assert f"somebody-elses is in no list: {said}" in words


def test_the_story_says_whose_price_counts_for_images_of_a_model_in_no_list() -> None:
    before, report, _ = STRANGERS[-1]
    words, _ = used(desk_with(plan=1_000), before, report)

    assert "somebody-elses is in no list: priced as google:4@2, which was asked for" in words


def test_the_story_says_nothing_of_lists_where_the_model_that_worked_is_in_one() -> None:
    words, _ = used(desk_with(plan=1_000), requested(1, model="gpt-4o-mini"), completed(1))

    assert "in no list" not in words


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "strange_models") as url:
        yield url


async def test_real_rows_by_todays_list_cost_exactly_what_was_charged(url: str) -> None:
    async with working(url) as worker:
        await make_partitions(worker.service)
        for number, (before, report, _) in enumerate(STRANGERS):
            account = uuid(0xA0 + number)
            told = [paid(1_000, account, number + 1), before, report]
            await worker.obey([record(replace(one, account_id=account)) for one in told])
        await worker.obey([record(paid(100, ANN, 99)), record(completed(1, **STRANGE))])
    today = SEED_PRICES.latest
    async with one_moment(url) as tx:
        operations = [one async for one in of_a_month(tx, f"{datetime.now(UTC):%Y-%m}")]
        stories = await find(tx, uuid(1), 20)

    charged = {(one[0].account_id, one[0].credits) for one in operations}
    assert charged == {
        *((uuid(0xA0 + number), credits) for number, (*_, credits) in enumerate(STRANGERS)),
        (ANN, 47),
    }
    rows = [row for one in operations for row in compared(one, today, today)]
    assert credits_of(rows) == [(one[0].credits, one[0].credits) for one in operations]
    assert all(row.is_certain for row in rows)
    assert {(one.operation.account_id, one.operation.charged) for one in stories} == charged
