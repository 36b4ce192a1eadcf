"""What is held before work starts: how much (P7, P8), and for how long."""

from datetime import timedelta

import pytest
from msgspec import convert
from msgspec.structs import replace

from services.credits.domain import BY_A_SERVICE, Asked
from shared.contracts.catalogue import COST_CONFIGS
from shared.contracts.credits import (
    Authorised,
    CreditsReserved,
    Estimate,
    ExtensionReplied,
    OperationReplied,
    OperationRequested,
)
from shared.contracts.message import Event
from shared.contracts.types import MAX_INT, Json
from tests.credits.rules.desk import Desk, authorised, desk_with, repriced
from tests.hearing import all_of, only, refused
from tests.making import completed, extension, images_requested, requested, spelt_out

BY_A_PERSON = Asked("editor", "ann")

RICH = 10_000
MINUTES_16 = timedelta(minutes=16)


def ask(said: OperationRequested, asked: Asked = BY_A_SERVICE) -> Authorised:
    return authorised(desk_with(RICH).tell(said, asked=asked))


def until(desk: Desk, seconds: int) -> tuple[str, bool]:
    """Until when a hold lives once somebody has asked for so long a life, and whether again."""
    reply = only(ExtensionReplied, desk.tell(extension(1, seconds)))
    assert reply.data is not None
    return reply.data.expires_at[11:16], reply.replayed


@pytest.mark.parametrize(
    ("kind", "needed", "held"),
    [
        ("clustering", 10, 12),
        ("idea_generation", 15, 18),
        ("content_generation", 50, 60),
        ("image_prompt_extraction", 16, 20),
        ("content_linking", 8, 10),
        ("optimization", 10, 12),
        ("site_structure", 50, 50),
        ("site_page_generation", 20, 20),
    ],
)
def test_every_operation_needs_and_holds_what_the_price_list_says(
    kind: str, needed: int, held: int
) -> None:
    data = ask(requested(1, operation_type=kind))

    assert (data.estimated, data.held) == (needed, held)


def test_images_are_held_exactly_by_their_tiers() -> None:
    data = ask(images_requested(1, basic=3, quality=2, premium=1))

    assert (data.estimated, data.held) == (28, 28)


@pytest.mark.parametrize(
    ("estimate", "needed"),
    [
        ({"tokens_input": 1000, "tokens_output": 501}, 16),
        ({"words": 1530}, 40),
        ({"words": 0}, 20),
        ({"tokens_input": 0, "tokens_output": 0, "words": 1530}, 3),
        ({}, 50),
    ],
)
def test_tokens_are_better_known_than_words_and_words_than_nothing(
    estimate: dict[str, Json], needed: int
) -> None:
    assert ask(requested(1, estimate=Estimate(**estimate))).estimated == needed


@pytest.mark.parametrize(
    ("asked", "words", "needed"),
    [
        (BY_A_SERVICE, 100, 22),
        (BY_A_PERSON, 100, 50),
        (BY_A_PERSON, 10_000, 150),
    ],
)
def test_a_person_may_need_more_than_is_usual_but_never_less(
    asked: Asked, words: int, needed: int
) -> None:
    assert ask(requested(1, estimate=Estimate(words=words)), asked).estimated == needed


def test_a_lighter_model_needs_less_and_never_less_than_the_minimum() -> None:
    few = Estimate(tokens_input=10, tokens_output=10)

    assert ask(requested(1, model="gpt-4o-mini")).estimated == 5
    assert ask(requested(1, model="gpt-4o-mini", estimate=few)).estimated == 3


def test_a_hold_announces_what_it_takes() -> None:
    fact = only(CreditsReserved, desk_with(100).tell(requested(1)))

    assert (fact.kind, fact.estimated, fact.held) == ("operation", 50, 60)
    assert (fact.balance_after, fact.available_after) == (100, 40)
    assert fact.expires_at == "2026-01-15T12:15:00.000Z"


def test_the_first_answer_is_given_again_whatever_has_happened_since() -> None:
    desk = desk_with(100)
    first = authorised(desk.tell(requested(1)))
    desk.tell(extension(1, 1800), requested(2))
    desk.end_batch(MINUTES_16)

    again = desk.tell(completed(1), requested(1))

    assert authorised(again) == first
    assert only(OperationReplied, again).replayed


@pytest.mark.parametrize("is_done", [False, True])
def test_work_that_no_account_could_pay_is_invalid_and_leaves_the_id_free(*, is_done: bool) -> None:
    desk = desk_with(100)
    if is_done:
        desk.tell(completed(1))

    for said in ({"words": MAX_INT}, {"tokens_input": 0, "tokens_output": MAX_INT}):
        error = refused(desk.tell(requested(1, estimate=convert(said, Estimate))))
        assert (error.code, [one.path for one in error.fields or ()]) == ("invalid", ["estimate"])
    assert authorised(desk.tell(requested(1))).estimated == 50


def test_a_request_that_spells_out_its_defaults_is_the_same_request() -> None:
    desk = desk_with(100)
    desk.tell(requested(1), spelt_out(requested(2)))

    for again in (spelt_out(requested(1)), requested(2)):
        assert only(OperationReplied, desk.tell(again)).replayed
    assert refused(desk.tell(requested(1, hold_ttl_s=901))).code == "conflict"


def test_a_request_after_its_charge_is_estimated_by_the_prices_of_the_charge() -> None:
    (article,) = [row for row in COST_CONFIGS if row.operation_type == "content_generation"]
    desk = desk_with(100)
    desk.tell(completed(1))
    desk.reprice(repriced(replace(article, tokens_per_credit=80)))

    data = authorised(desk.tell(requested(1)))

    assert (data.estimated, data.charged, data.price_version) == (50, 47, 1)


def test_a_refusal_stays_one_when_there_are_credits_again() -> None:
    desk = desk_with(60)
    first = refused(desk.tell(requested(1), requested(2))[-1:])
    desk.tell(completed(1, tokens_input=0, tokens_output=0))

    again = desk.tell(requested(2))

    assert refused(again) == first
    assert only(OperationReplied, again).replayed
    assert authorised(desk.tell(requested(3))).held == 57


def test_a_life_is_counted_from_its_start_and_never_shortened() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))
    desk.end_batch(timedelta(minutes=5))

    assert until(desk, 60) == ("12:15", False)
    assert until(desk, 1800) == ("12:30", False)
    assert until(desk, 1200) == ("12:30", False)


def test_the_same_extension_twice_is_one() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))

    assert [until(desk, 1800), until(desk, 1800)] == [("12:30", False), ("12:30", True)]
    desk.tell(completed(1))
    assert until(desk, 1800) == ("12:30", True)
    assert refused(desk.tell(extension(1, 3600))).state == "committed"


def test_to_ask_for_the_life_that_a_hold_has_anyway_is_answered_again_as_well() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))

    assert until(desk, 900) == ("12:15", False)
    desk.tell(completed(1))
    assert until(desk, 900) == ("12:15", True)


def test_a_hold_that_was_extended_is_answered_with_the_life_it_was_given_at_first() -> None:
    desk = desk_with(100)
    first = authorised(desk.tell(requested(1, hold_ttl_s=1200)))
    desk.tell(extension(1, 3600))

    assert first.expires_at[11:16] == "12:20"
    assert authorised(desk.tell(requested(1, hold_ttl_s=1200))) == first


def test_an_earlier_extension_is_answered_as_it_was_at_first() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))

    assert [until(desk, seconds) for seconds in (1800, 3600, 1200)] == [
        ("12:30", False),
        ("13:00", False),
        ("13:00", False),
    ]
    assert [until(desk, seconds) for seconds in (1800, 3600, 1200)] == [
        ("12:30", True),
        ("13:00", True),
        ("13:00", True),
    ]


def test_an_extended_hold_outlives_its_first_end() -> None:
    desk = desk_with(100)
    desk.tell(requested(1), extension(1, 1800))
    desk.end_batch(MINUTES_16)
    first = desk.due()
    desk.end_batch(MINUTES_16)

    assert (first, len(desk.due())) == ([], 1)


def test_what_is_closed_or_unknown_cannot_be_extended() -> None:
    desk = desk_with(60)
    desk.tell(requested(1), requested(2))
    desk.end_batch(MINUTES_16)
    desk.tell(*desk.due())

    assert refused(desk.tell(extension(1, 7200))).state == "expired"
    assert refused(desk.tell(extension(2, 7200))).state == "refused"
    assert refused(desk.tell(extension(3, 7200))).code == "not.found"
    assert all_of(Event, desk.tell(extension(1, 7200))) == []
