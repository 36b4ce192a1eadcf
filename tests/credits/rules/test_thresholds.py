"""Customers hear that credits run out: at 50, 80 and 95 % of the month's allocation, and at 0."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credits.alerts import BALANCE, PLAN_CREDITS
from shared.contracts.operating import AlertRaised
from tests.correcting import adjustment, refunded
from tests.credits.rules.desk import Desk, desk_with
from tests.hearing import to_customers
from tests.making import completed, on_plan, paid
from tests.running import done, run_requested, stage_done

A_MONTH = timedelta(days=31)
EMPTY = ("credits.empty", None)


def spend(desk: Desk, number: int, credits: int) -> list[AlertRaised]:
    """Work that costs so many credits, and what the customer hears of it."""
    return to_customers(desk.tell(completed(number, tokens_input=0, tokens_output=100 * credits)))


def marks(alerts: list[AlertRaised]) -> list[tuple[str, int | None]]:
    return [(alert.kind, alert.threshold) for alert in alerts]


@pytest.mark.parametrize(
    ("before", "spent", "percent", "severity"),
    [(499, 3, 50, "info"), (797, 3, 80, "warning"), (946, 4, 95, "error")],
)
def test_each_mark_is_told_when_it_is_reached(
    before: int, spent: int, percent: int, severity: str
) -> None:
    desk = desk_with(plan=1000, purchased=500)
    spend(desk, 1, before)

    (alert,) = spend(desk, 2, spent)

    used = before + spent
    assert (alert.kind, alert.threshold, alert.severity) == (
        "credits.threshold",
        percent,
        severity,
    )
    assert (alert.audience, alert.about, alert.window) == ("customer", PLAN_CREDITS, "2026-01")
    assert alert.data == {"used": used, "allocation": 1000, "percent": used // 10}


def test_what_a_customer_reads_has_his_numbers() -> None:
    desk = desk_with(plan=10_000, purchased=2_500)

    (alert,) = spend(desk, 1, 8_012)

    assert alert.title == "80 % Of This Month's Credits Used"
    assert alert.message == (
        "8,012 of this month's 10,000 credits are used; the balance is 4,488 credits."
    )


def test_a_jump_raises_the_highest_mark_alone() -> None:
    desk = desk_with(plan=1000, purchased=500)

    assert marks(spend(desk, 1, 960)) == [("credits.threshold", 95)]
    assert spend(desk, 2, 300) == []


def test_without_an_allocation_no_share_is_told() -> None:
    desk = desk_with(purchased=100)

    assert marks(spend(desk, 1, 60)) == []
    (alert,) = spend(desk, 2, 60)
    assert (alert.kind, alert.severity, alert.about) == ("credits.empty", "error", BALANCE)
    assert alert.data == {"used": 100, "allocation": 0, "percent": None}


def test_a_new_month_begins_with_no_mark() -> None:
    desk = desk_with(plan=1000, purchased=500)
    spend(desk, 1, 600)
    desk.end_batch(A_MONTH)

    assert spend(desk, 2, 400) == []
    assert marks(spend(desk, 3, 100)) == [("credits.threshold", 50)]


def test_the_plan_that_counts_is_what_use_is_measured_against() -> None:
    desk = desk_with(plan=1000, purchased=500)
    desk.tell(on_plan("growth"))
    allocation = desk.book.credits_per_month(desk.account())

    assert allocation > 1500
    assert marks(spend(desk, 1, 600)) == []


def test_the_last_credit_is_told_once_until_there_are_some_again() -> None:
    desk = desk_with(purchased=40)

    assert marks(spend(desk, 1, 50)) == [EMPTY]
    assert marks(spend(desk, 2, 50)) == []
    desk.tell(paid(10, invoice=7, kind="credit_package", code="pro"))
    # Whether it is told again within the month is the key of the alerts' table.
    assert marks(spend(desk, 3, 50)) == [EMPTY]


def test_stages_of_a_run_count_as_other_work() -> None:
    desk = desk_with(plan=600)
    desk.tell(run_requested())

    said = to_customers(desk.tell(stage_done(1, done(1, 310), done(2, 290))))

    assert marks(said) == [("credits.threshold", 50), ("credits.threshold", 95), EMPTY]


def test_credits_that_are_taken_back_are_no_use_but_may_be_the_last() -> None:
    refund, by_hand = desk_with(purchased=500), desk_with(purchased=500)

    assert marks(to_customers(refund.tell(refunded(1, 500)))) == [EMPTY]
    taken = adjustment(1, -500, bucket="purchased")
    assert marks(to_customers(by_hand.tell(taken))) == [EMPTY]


@given(st.lists(st.integers(3, 400), max_size=20))
def test_in_any_history_the_marks_told_are_those_last_passed_by_each_charge(
    charges: list[int],
) -> None:
    desk, used, told = desk_with(plan=1000), 0, []
    expected = list[tuple[str, int | None]]()
    for number, cost in enumerate(charges):
        told += marks(spend(desk, number, cost))
        taken = min(cost, 1000 - used)
        passed = [mark for mark in (50, 80, 95) if used < 10 * mark <= used + taken]
        expected += [("credits.threshold", mark) for mark in passed[-1:]]
        expected += [EMPTY] if taken and used + taken == 1000 else []
        used += taken
    assert told == expected
