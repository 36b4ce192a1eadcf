"""The worked examples of `domain.md` 8.3, by their numbers."""

import pytest
from msgspec.structs import replace

from services.credits.prices import Model, usd_text
from shared.contracts.catalogue import MODEL_PRICES
from shared.contracts.credits import (
    CreditsCommitted,
    Estimate,
    OperationCompleted,
    ShortfallRecorded,
    UsageRecorded,
)
from shared.contracts.types import Json
from tests.credits.rules.desk import authorised, charge, desk_with, logged
from tests.hearing import all_of, only
from tests.making import completed, images_completed, images_requested, requested


def done(kind: str, tokens_in: int, tokens_out: int, model: str = "gpt-5.1") -> OperationCompleted:
    return completed(
        1,
        operation_type=kind,
        model_used=model,
        tokens_input=tokens_in,
        tokens_output=tokens_out,
    )


@pytest.mark.parametrize(
    ("report", "credits_used", "cost"),
    [
        pytest.param(done("content_generation", 1000, 500), 15, "0.00625000", id="E1"),
        pytest.param(
            done("content_generation", 1000, 500, "gpt-4o-mini"), 3, "0.00045000", id="E2"
        ),
        pytest.param(done("content_generation", 2500, 3500), 60, "0.03812500", id="E3"),
        pytest.param(done("content_generation", 2000, 3000), 50, "0.03250000", id="E4"),
        pytest.param(done("clustering", 120, 90), 2, "0.00105000", id="E5"),
        pytest.param(done("idea_generation", 900, 1000), 10, "0.01112500", id="E6"),
    ],
)
def test_an_operation_costs_what_its_tokens_cost(
    report: OperationCompleted, credits_used: int, cost: str
) -> None:
    row = logged(desk_with(5000).tell(report))

    assert (row.credits_used, row.cost_usd, row.estimated_tokens) == (credits_used, cost, False)


def test_e4_an_article_of_5_000_tokens_leaves_4_950_of_5_000_credits() -> None:
    desk = desk_with(5000)

    desk.tell(requested(1), done("content_generation", 2000, 3000))

    assert (desk.account().balance, desk.account().held) == (4950, 0)


def test_e7_only_the_images_that_are_delivered_are_charged() -> None:
    desk = desk_with(1000)

    asked = authorised(desk.tell(images_requested(1, premium=3)))
    row = logged(desk.tell(images_completed(1, premium=2)))

    assert (asked.estimated, asked.held) == (45, 45)
    assert (row.credits_used, row.cost_usd, row.items_created) == (30, "0.28000000", 2)


def test_e8_a_silent_provider_is_estimated_by_the_words() -> None:
    silent: dict[str, Json] = {"tokens_input": None, "tokens_output": None}
    words: dict[str, Json] = {"units": 1530, "unit_kind": "words"}

    row = logged(desk_with(100).tell(completed(1, **silent, **words)))

    assert (row.tokens_input, row.tokens_output) == (2000, 1989)
    assert (row.credits_used, row.cost_usd, row.estimated_tokens) == (40, "0.02239000", True)


def test_e9_what_is_held_and_not_used_is_free_again() -> None:
    desk = desk_with(5000)

    asked = authorised(
        desk.tell(requested(1, estimate=Estimate(tokens_input=2000, tokens_output=3000)))
    )
    said = desk.tell(done("content_generation", 2000, 2700))

    assert (asked.estimated, asked.held, asked.available_after) == (50, 60, 4940)
    assert (charge(said).charged, charge(said).released) == (47, 13)
    assert logged(said).cost_usd == "0.02950000"
    assert (desk.account().balance, desk.account().available) == (4953, 4953)


def test_e10_every_article_is_rounded_by_itself() -> None:
    desk = desk_with(100)
    articles = [completed(n, tokens_input=1000, tokens_output=550) for n in (1, 2, 3)]

    said = desk.tell(*articles)

    assert [fact.charged for fact in all_of(CreditsCommitted, said)] == [16, 16, 16]
    assert desk.account().balance == 100 - 48


def test_e11_what_the_account_cannot_pay_is_shortfall_and_the_balance_ends_at_zero() -> None:
    desk = desk_with(70)

    said = desk.tell(requested(1), done("content_generation", 4000, 4300))

    assert (charge(said).charged, only(ShortfallRecorded, said).shortfall) == (70, 13)
    assert logged(said).cost_usd == "0.04800000"  # By the tokens that were used, all of them.
    assert desk.account().balance == 0


def test_e12_pages_are_charged_by_their_number() -> None:
    desk = desk_with(1000)
    pages = {"operation_type": "site_page_generation"}

    asked = authorised(desk.tell(requested(1, **pages, estimate=Estimate(units=7))))
    said = desk.tell(completed(1, **pages, units=7, tokens_input=1000, tokens_output=500))

    assert (asked.estimated, asked.held) == (140, 140)
    assert charge(said).charged == 140
    assert only(UsageRecorded, said).cost_usd == "0.00625000"


def test_e13_a_price_a_million_tokens_comes_out_the_same_a_thousand() -> None:
    gemini = {"cost_per_1k_input": "0.00030000", "cost_per_1k_output": "0.00250000"}
    model = Model.of(replace(MODEL_PRICES[0], **gemini))

    assert usd_text(model.usd(1000, 500, 0, 0)) == "0.00155000"
