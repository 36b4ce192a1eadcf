"""What is done is charged: by whose price, from which bucket, and how it is written down."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.contracts.catalogue import COST_CONFIGS
from shared.contracts.credits import CreditsCommitted, OperationReplied, UsageRecorded
from tests.credits.rules.desk import authorised, charge, desk_with, logged, repriced
from tests.hearing import all_of, only, warning
from tests.making import (
    Fields,
    completed,
    failed,
    images_completed,
    images_requested,
    requested,
    uuid,
)

SILENT: Fields = {"tokens_input": None, "tokens_output": None}
MINUTES_16 = timedelta(minutes=16)
CONFIGS = {row.operation_type: row for row in COST_CONFIGS}
DEARER = repriced(replace(CONFIGS["content_generation"], tokens_per_credit=80))


def test_the_plan_bucket_is_spent_before_the_purchased_one() -> None:
    desk = desk_with(plan=30, purchased=100)

    fact = charge(desk.tell(requested(1), completed(1)))

    assert (fact.plan_delta, fact.purchased_delta) == (-30, -17)
    assert (desk.account().plan_bucket, desk.account().purchased_bucket) == (0, 83)


def test_a_hold_keeps_the_prices_of_its_moment() -> None:
    """From 100 to 80 tokens a credit between hold and report: 47, and 59 for the next."""
    desk = desk_with(1000)
    desk.tell(requested(1))
    desk.reprice(DEARER)

    said = desk.tell(completed(1), requested(2), completed(2), completed(3))

    assert [fact.charged for fact in all_of(CreditsCommitted, said)] == [47, 59, 59]
    assert [row.price_version for row in all_of(UsageRecorded, said)] == [1, 2, 2]
    assert authorised(said).estimated == 63


@pytest.mark.parametrize("end", ["expired", "failed"])
def test_a_hold_that_has_ended_keeps_its_prices_and_its_first_answer(end: str) -> None:
    desk = desk_with(1000)
    first = authorised(desk.tell(requested(1)))
    desk.end_batch(MINUTES_16)
    desk.tell(*(desk.due() if end == "expired" else [failed(1)]))
    desk.reprice(DEARER)

    said = desk.tell(completed(1), requested(1))

    assert (charge(said).charged, logged(said).price_version) == (47, 1)
    assert only(OperationReplied, said).replayed
    assert authorised(said) == first


def test_a_refusal_keeps_no_prices() -> None:
    desk = desk_with(40)
    desk.tell(requested(1))
    desk.reprice(DEARER)

    said = desk.tell(completed(1))

    assert (charge(said).charged, charge(said).shortfall) == (40, 19)
    assert logged(said).price_version == 2


@pytest.mark.parametrize(("asked", "credits_used"), [("gpt-4o-mini", 5), (None, 47)])
def test_an_unknown_model_is_charged_as_the_one_that_was_asked_for(
    asked: str | None, credits_used: int
) -> None:
    """4,700 tokens: a tenth of them on the small model, all of them where none was asked for."""
    said = desk_with(100).tell(requested(1, model=asked), completed(1, model_used="gpt-9"))
    row, alert = logged(said), warning(said)

    assert (row.credits_used, row.cost_usd, row.model_used) == (credits_used, None, "gpt-9")
    assert (alert.kind, alert.audience, alert.about) == ("price.missing", "ops", "gpt-9")


def test_a_failure_on_an_unknown_model_has_no_price_either() -> None:
    said = desk_with(100).tell(requested(1), failed(1, model_used="gpt-9", tokens_input=10))

    assert logged(said).cost_usd is None
    assert warning(said).kind == "price.missing"


@pytest.mark.parametrize(("model", "cost"), [("gpt-4o-mini", "0.00045000"), (None, "0.00625000")])
def test_a_failure_costs_the_account_nothing_and_us_what_the_provider_takes(
    model: str | None, cost: str
) -> None:
    spent: Fields = {"tokens_input": 1000, "tokens_output": 500}

    row = logged(desk_with(100).tell(requested(1), failed(1, model_used=model, **spent)))

    assert (row.credits_used, row.cost_usd, row.status) == (0, cost, "failed")


def test_without_tokens_and_words_an_article_costs_what_it_was_thought_to_cost() -> None:
    desk = desk_with(100)
    desk.tell(requested(1), requested(2, model="gpt-4o-mini"))
    desk.end_batch(MINUTES_16)
    desk.tell(*desk.due())

    said = desk.tell(*[completed(number, **SILENT) for number in (1, 2, 3)])

    # The third was never asked for: the minimum is all that is known.
    assert [row.credits_used for row in all_of(UsageRecorded, said)] == [50, 5, 3]
    assert all(row.estimated_tokens for row in all_of(UsageRecorded, said))


def test_without_tokens_and_words_a_request_costs_its_unit_price() -> None:
    report = completed(1, operation_type="clustering", requests=2, **SILENT)

    assert charge(desk_with(100).tell(report)).charged == 20


def test_completed_with_no_tokens_at_all_costs_the_minimum() -> None:
    said = desk_with(100).tell(requested(1), completed(1, tokens_input=0, tokens_output=0))

    assert (charge(said).charged, logged(said).cost_usd) == (3, "0.00000000")


def test_images_of_two_qualities_are_two_rows_of_one_operation_each_by_its_model() -> None:
    said = desk_with(100).tell(images_completed(1, basic=2, premium=1))
    basic, premium = all_of(UsageRecorded, said)

    assert charge(said).charged == 17
    assert (basic.credits_used, premium.credits_used) == (2, 15)
    assert (basic.cost_usd, premium.cost_usd) == ("0.02400000", "0.14000000")
    assert (basic.model_used, premium.model_used) == ("runware:97@1", "google:4@2")
    assert (basic.provider, premium.provider) == ("runware", "google")
    assert basic.operation_id == premium.operation_id
    assert basic.usage_id != premium.usage_id


def test_rows_of_two_qualities_add_up_to_a_charge_that_fell_short() -> None:
    said = desk_with(10).tell(images_completed(1, quality=1, premium=1))

    rows = [(row.credits_used, row.shortfall) for row in all_of(UsageRecorded, said)]

    assert (charge(said).charged, charge(said).shortfall) == (10, 10)
    assert rows == [(5, 0), (5, 10)]


def test_the_model_that_was_asked_for_makes_the_images_of_a_report_that_names_none() -> None:
    desk = desk_with(100)
    asked = images_requested(1, basic=2)

    said = desk.tell(replace(asked, model="google:4@2"), images_completed(1, basic=2))

    assert (logged(said).credits_used, logged(said).cost_usd) == (30, "0.28000000")
    assert logged(said).model_used == "google:4@2"


def test_where_nothing_is_charged_nothing_stands_in_the_ledger() -> None:
    desk = desk_with(100)

    said = desk.tell(images_requested(1, basic=2), images_completed(1))

    assert (charge(said).charged, charge(said).transaction_id) == (0, None)
    assert charge(said).released == 2
    assert (logged(said).credits_used, logged(said).items_created) == (0, 0)
    assert (desk.account().seq, desk.account().held) == (1, 0)


def test_what_only_the_report_says_counts_where_nobody_asked() -> None:
    purpose: Fields = {
        "site_id": uuid(7),
        "user_id": "ann",
        "source": "automation",
        "run_id": uuid(8),
        "stage": 3,
    }
    desk = desk_with(200)

    unasked = desk.tell(completed(1, **purpose))
    asked = desk.tell(requested(2, site_id=uuid(9), user_id="bob"), completed(2, **purpose))

    row, fact = logged(unasked), charge(unasked)
    assert (row.site_id, row.user_id, row.source) == (uuid(7), "ann", "automation")
    assert (row.run_id, row.stage) == (fact.run_id, fact.stage) == (uuid(8), 3)
    row, fact = logged(asked), charge(asked)
    assert (row.site_id, row.user_id, row.source) == (uuid(9), "bob", "manual")
    assert (row.run_id, row.stage) == (fact.run_id, fact.stage) == (None, None)
