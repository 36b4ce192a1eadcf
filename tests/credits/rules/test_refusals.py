"""A no in words: what is missing, by how much, and what one can do about it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.contracts.catalogue import COST_CONFIGS, PACKAGES
from shared.contracts.errors import Error, ErrorCode, Suggestion
from shared.contracts.invoicing import AccountStatusChanged
from shared.contracts.message import Message
from tests.credits.rules.desk import Desk, desk_with, repriced
from tests.hearing import refused
from tests.making import (
    completed,
    extension,
    failed,
    images_requested,
    now_is,
    on_plan,
    package_is,
    plan_is,
    requested,
    uuid,
)

STATUS_CODE = re.compile(r"\b[45]\d\d\b")
CODE_WORDS = re.compile(r"error|exception|traceback|null|none|[a-z]_[a-z]", re.IGNORECASE)


def paused(status: str) -> AccountStatusChanged:
    return now_is(status, reason="Invoice unpaid", since="2026-01-10T08:00:00+01:00")


def of_kind(error: Error, kind: str) -> list[Suggestion]:
    return [suggestion for suggestion in error.suggestions if suggestion.kind == kind]


@pytest.mark.parametrize(
    ("history", "code", "http_status", "title"),
    [
        ([requested(1)], "credits.insufficient", 402, "Not Enough Credits"),
        ([paused("suspended"), requested(1)], "account.suspended", 403, "Account Paused"),
        ([paused("cancelled"), requested(1)], "account.cancelled", 403, "Account Closed"),
        (
            [requested(1, operation_type="telepathy")],
            "operation.unknown",
            422,
            "Action Not Available",
        ),
        ([requested(1, model="gpt-0")], "model.unknown", 422, "Action Not Available"),
        ([requested(1, model="gpt-4o")], "model.unknown", 422, "Action Not Available"),
        ([failed(1), requested(1)], "conflict", 409, "Already Done Differently"),
        ([extension(1, 900)], "not.found", 404, "Not Found"),
        (
            [requested(1, operation_type="image_generation")],
            "invalid",
            422,
            "Please Check Your Input",
        ),
    ],
)
def test_a_refusal_speaks_to_people(
    history: list[Message], code: ErrorCode, http_status: int, title: str
) -> None:
    """Its code is for programs: neither it nor an HTTP status stands in the words."""
    error = refused(desk_with(30).tell(*history))
    words = [error.title, error.message, *(s.text for s in error.suggestions)]
    words += [action.label for action in error.actions]

    assert (error.code, error.http_status, error.title) == (code, http_status, title)
    assert not error.retryable
    assert all(text and text[0].isupper() for text in words)
    assert not [text for text in [error.title, error.message] if STATUS_CODE.search(text)]
    assert not [text for text in words if code in text]
    assert not CODE_WORDS.search(error.title + " " + "".join(a.label for a in error.actions))


def test_who_lacks_credits_is_told_how_many_and_what_would_do() -> None:
    desk = desk_with(100)
    desk.tell(on_plan("starter"), requested(1), requested(2, operation_type="clustering"))

    error = refused(desk.tell(images_requested(3, premium=50)))

    assert (error.required, error.available, error.shortfall) == (750, 28, 722)
    assert (error.held, error.unit) == (72, "credits")
    assert error.message == "This needs 750 credits and 28 are available: 722 more are needed."
    assert [s.text for s in error.suggestions] == [
        "Buy Pro: 2,000 credits for $29.00.",
        "Upgrade to Growth: 40,000 credits a month.",
        "Lower the quality or the count.",
    ]
    labels = [(action.label, action.kind, action.target) for action in error.actions]
    assert labels == [
        ("Buy Credits", "open", "purchase"),
        ("Upgrade Plan", "open", "plans"),
        ("Cancel", "dismiss", "none"),
    ]


def test_an_account_nobody_spoke_of_is_refused_for_want_of_credits_and_shown_starter() -> None:
    error = refused(Desk().tell(requested(1)))

    assert (error.code, error.available, error.shortfall) == ("credits.insufficient", 0, 50)
    assert [s.plan_code for s in of_kind(error, "upgrade_plan")] == ["starter"]


def test_on_the_largest_plan_no_upgrade_is_suggested() -> None:
    error = refused(Desk().tell(on_plan("scale"), requested(1)))

    assert of_kind(error, "upgrade_plan") == []
    assert [s.package_code for s in of_kind(error, "buy_package")] == ["starter"]


def test_where_the_plan_forbids_extra_credits_none_are_offered() -> None:
    closed = plan_is("starter", 10_000, allow_credit_topup=False)

    error = refused(Desk().tell(closed, on_plan("starter"), requested(1)))

    assert of_kind(error, "buy_package") == []
    assert [s.plan_code for s in of_kind(error, "upgrade_plan")] == ["growth"]


def test_what_a_plan_forbids_stays_forbidden_until_it_is_allowed_again() -> None:
    desk = Desk()
    closed = plan_is("starter", 10_000, allow_credit_topup=False)
    desk.tell(closed, on_plan("starter"), plan_is("starter", 9_000, version=2))

    silent = refused(desk.tell(requested(1)))
    opened = plan_is("starter", 9_000, version=3, allow_credit_topup=True)
    allowed = refused(desk.tell(opened, requested(2))[-1:])

    assert of_kind(silent, "buy_package") == []
    assert [s.package_code for s in of_kind(allowed, "buy_package")] == ["starter"]


def test_a_plan_that_is_no_longer_sold_is_not_suggested() -> None:
    gone = plan_is("growth", 40_000, is_active=False)

    error = refused(Desk().tell(gone, on_plan("starter"), requested(1)))

    assert [s.plan_code for s in of_kind(error, "upgrade_plan")] == ["scale"]


def test_an_action_that_is_switched_off_is_named_and_the_others_are_offered() -> None:
    (row,) = [row for row in COST_CONFIGS if row.operation_type == "optimization"]
    desk = desk_with(100)
    desk.reprice(repriced(replace(row, is_active=False)))

    error = refused(desk.tell(requested(1, operation_type="optimization")))

    assert (error.code, error.http_status) == ("operation.disabled", 422)
    assert error.message.startswith("Optimization is switched off.")
    assert "clustering" in (error.allowed or ())
    assert "optimization" not in (error.allowed or ())


def test_a_paused_account_hears_of_its_pause_before_anything_else() -> None:
    strange = requested(1, operation_type="telepathy", model="gpt-0")

    assert refused(desk_with(1000).tell(paused("cancelled"), strange)).code == "account.cancelled"


def test_a_paused_account_is_told_why_and_since_when() -> None:
    error = refused(desk_with(1000).tell(paused("suspended"), requested(1)))

    assert (error.reason, error.since) == ("Invoice unpaid", "2026-01-10T07:00:00.000Z")
    assert [s.kind for s in error.suggestions] == ["pay_invoice", "contact_support"]


def test_what_is_not_offered_is_answered_with_what_is() -> None:
    operation = refused(Desk().tell(requested(1, operation_type="telepathy")))
    model = refused(Desk().tell(requested(1, model="gpt-0")))

    assert "content_generation" in (operation.allowed or ())
    assert len(operation.allowed or ()) == 9
    assert "gpt-4o-mini" in (model.allowed or ())
    assert "gpt-4o" not in (model.allowed or ())  # It is switched off.


def test_images_that_nobody_counts_are_a_missing_field_and_leave_the_id_free() -> None:
    desk = desk_with(100)
    error = refused(desk.tell(requested(1, operation_type="image_generation")))

    assert [problem.path for problem in error.fields or ()] == ["estimate.images"]
    assert desk.tell(images_requested(1, basic=1))[1:] != []


def test_other_content_under_a_known_id_is_a_conflict_that_names_the_state() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))

    other = requested(1, model="gpt-4o-mini")
    first, second = refused(desk.tell(other)), refused(desk.tell(completed(1), other)[-1:])

    assert (first.kind, first.state) == ("operation", "held")
    assert second.state == "committed"


# Sizes about those that would do: 15 credits are needed for every image.
SIZES = st.builds(lambda images, more: 15 * images + more, st.integers(1, 9), st.integers(-1, 1))


@given(st.lists(st.tuples(SIZES, st.booleans()), max_size=5), st.integers(1, 9))
def test_the_smallest_package_that_covers_it_is_suggested_and_no_other(
    sizes: list[tuple[int, bool]], count: int
) -> None:
    desk = Desk()
    for package in PACKAGES:
        desk.tell(package_is(package.package_code, package.credits, is_active=False))
    for number, (size, is_active) in enumerate(sizes):
        desk.tell(package_is(f"p{number}", size, is_active=is_active))

    offers = of_kind(refused(desk.tell(images_requested(1, premium=count))), "buy_package")

    active = [size for size, is_active in sizes if is_active]
    covering = [size for size in active if size >= 15 * count]
    assert [offer.credits for offer in offers] == ([min(covering)] if covering else [])


def test_two_accounts_may_use_one_id_and_neither_knows_of_the_other() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))

    error = refused(desk.tell(extension(1, 900, account=uuid(0xB))))

    assert (error.code, error.kind) == ("not.found", "operation")
