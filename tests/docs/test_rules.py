"""The numbers of docs/rules.md are those that the rules come to."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from services.credits import domain
from services.credits.book import Account, Book
from services.credits.domain import Outcome
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES
from shared.contracts.credits import (
    Authorised,
    CreditsCommitted,
    CreditsRevoked,
    OperationCompleted,
    OperationReplied,
    OperationRequested,
    RunReplied,
    UsageRecorded,
)
from shared.contracts.message import Message
from shared.contracts.moments import rising_ids
from tests import making
from tests.correcting import freeze, refunded, unfreeze
from tests.docs.reading import page, quoted, rows, section
from tests.docs.story import CATALOGUE, SALT
from tests.running import S10, run_requested

PAGE = page("docs/rules.md")
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
RICH = 10_000


def decided(*messages: Message, credits: int = RICH) -> Outcome:
    """What the rules say to the last of some messages, of an account with so many credits."""
    account = Account(0, making.ANN, plan_bucket=credits)
    book = Book(NOON, rising_ids(NOON, SALT), CATALOGUE, {making.ANN: account})
    return [domain.decide(book, message) for message in messages][-1]


def fields(operation_type: str, said: making.Fields) -> making.Fields:
    named = {"account_id": making.ANN, "operation_id": making.uuid(1)}
    return named | {"operation_type": operation_type} | said


def authorised(operation_type: str, said: making.Fields, credits: int = RICH) -> Authorised | None:
    request = msgspec.convert(fields(operation_type, said), OperationRequested)
    reply = decided(request, credits=credits)[0]
    assert isinstance(reply, OperationReplied)
    return reply.data


def number(cell: str) -> int:
    return int(cell.replace(",", ""))


@pytest.mark.parametrize("row", rows(section(PAGE, "### Completed: worked examples")))
def test_what_was_completed_costs_what_the_page_says(row: list[str]) -> None:
    operation_type, reported = (quoted(cell)[0] for cell in row[:2])
    report = msgspec.convert(fields(operation_type, json.loads(reported)), OperationCompleted)
    fact, *used = decided(report)
    assert isinstance(fact, CreditsCommitted)
    assert fact.charged == number(row[2])
    costs = [one.cost_usd or "unknown" for one in used if isinstance(one, UsageRecorded)]
    assert costs == [row[3]]


@pytest.mark.parametrize("row", rows(section(PAGE, "## What is held")))
def test_what_is_requested_holds_what_the_page_says(row: list[str]) -> None:
    estimates = [json.loads(text) for text in quoted(row[1])]
    data = authorised(quoted(row[0])[0], {"estimate": estimates[0]} if estimates else {})
    assert data is not None
    assert [data.estimated, data.held] == [number(row[2]), number(row[3])]


def test_a_hold_is_at_most_what_there_is() -> None:
    assert "With 55 credits available an article is authorised and holds 55; with 49" in PAGE
    held = authorised("content_generation", {}, credits=55)
    assert held is not None
    assert held.held == 55
    assert authorised("content_generation", {}, credits=49) is None


def test_an_actual_above_hold_and_balance_leaves_a_shortfall() -> None:
    assert "Actual 83, held 60, free 10: charged 70,\n  shortfall 13, balance 0." in PAGE
    done = making.completed(1, tokens_input=4300, tokens_output=4000)
    fact = decided(making.requested(1), done, credits=70)[0]
    assert isinstance(fact, CreditsCommitted)
    assert [fact.charged, fact.shortfall, fact.balance_after] == [70, 13, 0]


@pytest.mark.parametrize("row", rows(section(PAGE, "## When the money goes back"))[:5])
def test_what_goes_back_with_the_money_is_what_the_page_says(row: list[str]) -> None:
    (plan, purchased), after = ([number(x) for x in row[at].split("/")] for at in (0, 6))
    account = Account(0, making.ANN, plan_bucket=plan, purchased_bucket=purchased)
    book = Book(NOON, rising_ids(NOON, SALT), CATALOGUE, {making.ANN: account})
    of: making.Fields = {"bucket": quoted(row[1])[0]}
    if frozen := number(row[2]):
        domain.decide(book, freeze(1, frozen, **of))
    fact = domain.decide(book, refunded(1, number(row[3]), **of))[0]
    assert isinstance(fact, CreditsRevoked)
    assert [fact.revoked, fact.unrecovered] == [number(row[4]), number(row[5])]
    assert [account.plan_bucket, account.purchased_bucket, account.held] == [*after, 0]


def test_the_price_list_of_the_page_is_the_one_that_is_seeded() -> None:
    table = rows(section(PAGE, "### Prices at the start"))
    shown = {quoted(row[0])[0]: row for row in table}
    by_tokens = [row for row in COST_CONFIGS if row.mode == "tokens"]
    for config in by_tokens:
        row = shown[config.operation_type]
        defaults = [number(part) for part in row[3].split("/")]
        assert [number(row[1]), number(row[2]), *defaults] == [
            config.tokens_per_credit,
            config.min_credits,
            config.default_tokens_input,
            config.default_tokens_output,
        ]
        assert row[6].startswith(f"{config.credits_per_unit} ")
    for name in (*(config.operation_type for config in by_tokens), "site_structure"):
        data = authorised(name, {})
        assert data is not None
        assert [data.estimated, data.held] == [number(cell) for cell in shown[name][4:6]]


def test_the_models_of_the_page_are_those_that_are_seeded() -> None:
    table = rows(section(PAGE, "### Prices at the start"))
    shown = {quoted(row[0])[0]: row for row in table if len(row) == 4}
    assert shown.keys() == {price.model for price in MODEL_PRICES}
    for price in MODEL_PRICES:
        costs = price.cost_per_1k_input, price.cost_per_1k_output, price.cost_per_image
        _, provider, usd, multiplier = shown[price.model]
        assert [float(part) for part in usd.split("/")] == [float(x) for x in costs if x]
        assert [provider, multiplier] == [price.provider, price.credit_multiplier]
        assert ("switched off" in shown[price.model][0]) is not price.is_active


@pytest.mark.parametrize("row", rows(section(PAGE, "## Runs")))
def test_a_run_holds_what_the_page_says(row: list[str]) -> None:
    available, required, held = map(number, row[1:4])
    reply = decided(run_requested(*S10), credits=available)[0]
    assert isinstance(reply, RunReplied)
    if reply.data is not None:
        assert (reply.data.estimated, reply.data.held) == (required, held)
        return
    assert reply.error is not None
    named = [str(stage) for stage in reply.error.fitting_stages or ()]
    assert (reply.error.required, held, ", ".join(named)) == (required, 0, row[4])


NO_PAGES: making.Fields = {"operation_type": "site_page_generation", "estimate": {"units": 0}}
RAISED: dict[str, tuple[int, list[Message]]] = {
    "each hold and each end of one": (2, [making.requested(1), making.failed(1)]),
    "also of 0 credits": (
        2,
        [
            msgspec.convert(fields("site_page_generation", NO_PAGES), OperationRequested),
            making.cancelled(1),
        ],
    ),
    "an extension": (1, [making.requested(1), making.extension(1, 7200)]),
    "a charge of 0 for what had no hold": (0, [making.images_completed(1)]),
    "a top-up of a full bucket": (1, [making.on_plan("starter"), making.paid(1, policy="top_up")]),
    "a claw-back that finds nothing": (0, [refunded(1, 10, bucket="purchased")]),
    "a freeze of 0 and its end": (0, [freeze(1, 10, allow_partial=True), unfreeze(1)]),
}


@pytest.mark.parametrize("words", RAISED)
def test_a_version_rises_where_the_page_says_so(words: str) -> None:
    assert words in " ".join(PAGE.split())
    raised, messages = RAISED[words]
    account = Account(0, making.ANN, plan_bucket=RICH)
    book = Book(NOON, rising_ids(NOON, SALT), CATALOGUE, {making.ANN: account})
    said = [domain.decide(book, message) for message in messages]
    assert account.version == raised
    assert all(said[1:])  # What changes nothing is announced all the same.
