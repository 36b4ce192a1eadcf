"""The usage log: what work was for, what was used of what, and what it cost us in USD."""

from msgspec.structs import replace

from services.credits.catalogue import Prices
from shared.contracts.catalogue import MODEL_PRICES
from shared.contracts.credits import Items, Related, UsageRecorded
from shared.contracts.operating import AlertRaised
from tests.credits.rules.desk import authorised, charge, desk_with, logged, repriced
from tests.hearing import all_of, only
from tests.making import (
    Fields,
    completed,
    failed,
    images_completed,
    images_requested,
    requested,
    uuid,
)

MODELS = {row.model: row for row in MODEL_PRICES}
POST, PAGE = Related(type="post", id="7", title="Roses"), Related(type="page", id="8")
SILENT: Fields = {"tokens_input": None, "tokens_output": None}


def test_a_row_keeps_what_the_report_says_of_the_work() -> None:
    desk = desk_with(100)
    done: Fields = {"details": "Roses in winter", "response_time_ms": 1234, "units": 1500}

    said = desk.tell(requested(1), completed(1, unit_kind="words", provider="azure", **done))
    row = logged(said)

    assert (row.details, row.response_time_ms) == ("Roses in winter", 1234)
    assert (row.units, row.unit_kind, row.provider) == (1500, "words", "azure")


def test_what_it_was_for_is_as_reported_else_as_asked() -> None:
    asked = [requested(number, related=POST) for number in (1, 2)]

    said = desk_with(200).tell(*asked, completed(1, related=PAGE), completed(2))

    rows = all_of(UsageRecorded, said)
    assert [(row.related_type, row.related_id, row.related_title) for row in rows] == [
        ("page", "8", None),
        ("post", "7", "Roses"),
    ]


def test_a_failure_keeps_what_it_was_for_and_how_its_message_begins() -> None:
    purpose: Fields = {"site_id": uuid(7), "user_id": "ann", "source": "automation"}
    desk = desk_with(100)

    desk.tell(requested(1, related=POST, **purpose))
    row = logged(desk.tell(failed(1, message="x" * 201, response_time_ms=30_000)))

    assert (row.site_id, row.user_id, row.source) == (uuid(7), "ann", "automation")
    assert (row.related_type, row.related_id, row.related_title) == ("post", "7", "Roses")
    assert (row.details, row.response_time_ms) == ("x" * 200, 30_000)


def test_a_hold_keeps_the_prices_in_usd_of_its_moment() -> None:
    """Twice the price from version 2 on: for what is asked for, or reported unasked, from then."""
    desk = desk_with(1000)
    spent: Fields = {"tokens_input": 1000, "tokens_output": 500}
    desk.tell(requested(1), requested(2))
    twice = {"cost_per_1k_input": "0.00250000", "cost_per_1k_output": "0.02000000"}
    desk.reprice(repriced(replace(MODELS["gpt-5.1"], **twice)))

    said = desk.tell(completed(1, **spent), failed(2, **spent), completed(3, **spent))

    rows = [(row.status, row.cost_usd) for row in all_of(UsageRecorded, said)]
    assert rows == [("success", "0.00625000"), ("failed", "0.00625000"), ("late", "0.01250000")]


def test_tokens_and_requests_of_images_are_paid_once_and_not_once_a_quality() -> None:
    dear = {"cost_per_1k_input": "1.00000000", "cost_per_request": "0.50000000"}
    desk = desk_with(100)
    desk.reprice(
        repriced(*[replace(MODELS[name], **dear) for name in ("runware:97@1", "dall-e-3")])
    )
    report = images_completed(1, basic=2, quality=1)

    said = desk.tell(replace(report, tokens_input=1000, tokens_output=0, requests=1))
    basic, quality = all_of(UsageRecorded, said)

    assert (basic.cost_usd, quality.cost_usd) == ("1.52400000", "0.04000000")
    assert (basic.tokens_input, quality.tokens_input) == (1000, None)


def test_one_quality_that_has_no_price_is_an_alert_though_the_other_has() -> None:
    desk = desk_with(100)
    nobody = [row for row in MODEL_PRICES if row.image_quality != "premium"]
    configs = desk.book.catalogue.prices.configs
    desk.reprice(Prices(configs, [(1, row) for row in nobody]))

    said = desk.tell(images_completed(1, basic=1, premium=1))

    assert [row.cost_usd for row in all_of(UsageRecorded, said)] == ["0.01200000", None]
    alert = only(AlertRaised, said)
    assert (alert.kind, alert.window, alert.source) == ("price.missing", "2026-01", "credits")
    assert alert.about == "premium"


def test_images_of_a_quality_that_has_no_price_are_an_alert_and_cost_what_an_image_does() -> None:
    """Also where their model is known, and what it cost us with it."""
    desk = desk_with(100)
    flat = [replace(row, is_default=False, credits_per_image=None) for row in MODEL_PRICES]
    desk.reprice(Prices(desk.book.catalogue.prices.configs, [(1, row) for row in flat]))

    asked = desk.tell(images_requested(1, premium=3))
    done = desk.tell(replace(images_completed(1, premium=2), model_used="google:4@2"))

    assert authorised(asked).estimated == 15
    assert (charge(done).charged, logged(done).cost_usd) == (10, "0.28000000")
    alert = only(AlertRaised, done)
    assert (alert.kind, alert.about) == ("price.missing", "premium")


def test_images_that_cost_nothing_have_a_price_all_the_same() -> None:
    said = desk_with(100).tell(images_requested(1, basic=1), images_completed(1))

    assert logged(said).cost_usd == "0.00000000"
    assert all_of(AlertRaised, said) == []


def test_what_the_provider_does_not_say_is_estimated_and_marked() -> None:
    desk = desk_with(1000)

    half = logged(desk.tell(completed(1, tokens_input=None, tokens_output=500)))
    pages = logged(desk.tell(completed(2, units=1530, unit_kind="pages", **SILENT)))

    assert (half.tokens_input, half.credits_used, half.estimated_tokens) == (2000, 25, True)
    # Pages are no words: the minimum is all that is known.
    assert (pages.tokens_output, pages.credits_used, pages.estimated_tokens) == (None, 3, True)


def test_units_that_a_report_does_not_count_are_its_items() -> None:
    pages: Fields = {"operation_type": "site_page_generation"}
    made = Items(kind="page", count=3)

    said = desk_with(100).tell(completed(1, items=made, **pages))

    assert charge(said).charged == 60
    assert (logged(said).items_created, logged(said).item_kind) == (3, "page")


def test_images_that_failed_were_tried_on_the_usual_model_for_images() -> None:
    row = logged(desk_with(100).tell(images_requested(1, basic=1), failed(1)))

    assert (row.model_used, row.provider, row.cost_usd) == ("dall-e-3", "openai", "0.00000000")
