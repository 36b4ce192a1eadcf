"""S2 to S9 of `scenarios.md` as the rules decide them: the same numbers, without a broker."""

from datetime import timedelta

from services.credits.domain import HoldDue
from shared.contracts.credits import (
    CHARGED,
    BalanceChanged,
    CreditsCommitted,
    CreditsExpired,
    CreditsReleased,
    OperationReplied,
    ShortfallRecorded,
    UsageRecorded,
)
from shared.contracts.money import dollars
from tests.credits.rules.desk import Desk, authorised, charge, desk_with, logged
from tests.hearing import all_of, only, refused, warning
from tests.making import (
    ANN,
    cancelled,
    completed,
    failed,
    images_completed,
    images_requested,
    on_plan,
    requested,
    uuid,
)

QUARTER = timedelta(minutes=15)
OVERDUE = timedelta(minutes=15, seconds=1)


def state_of(desk: Desk, number: int = 1) -> str:
    return desk.book.operations[ANN, uuid(number)].state


def numbers(desk: Desk) -> tuple[int, int, int]:
    """What Ann has, holds and may spend."""
    return desk.account().balance, desk.account().held, desk.account().available


def expired(desk: Desk, after: timedelta = OVERDUE) -> list[CreditsExpired]:
    desk.end_batch(after)
    return all_of(CreditsExpired, desk.tell(*desk.due()))


def test_s2_reserve_and_commit() -> None:
    desk = desk_with(10_000)

    asked = authorised(desk.tell(requested(1)))
    (before,) = desk.end_batch()
    said = desk.tell(completed(1))
    (after,) = desk.end_batch()

    assert (asked.estimated, asked.held, asked.available_after) == (50, 60, 9940)
    assert asked.expires_at == "2026-01-15T12:15:00.000Z"
    assert (charge(said).charged, charge(said).released) == (47, 13)
    assert logged(said).cost_usd == "0.02950000"
    assert (after.balance, after.held, after.available) == (9953, 0, 9953)
    assert (after.seq, after.version) == (before.seq + 1, before.version + 1)
    assert (before.used_this_month, after.used_this_month) == (0, 47)


def test_s3_not_enough_credits() -> None:
    desk = desk_with(40)

    said = desk.tell(on_plan("starter"), requested(1))
    error = refused(said)
    package, plan, cheaper = error.suggestions

    assert error.code == "credits.insufficient"
    assert (error.required, error.available, error.shortfall) == (50, 40, 10)
    assert (package.package_code, package.credits, package.price) == ("starter", 500, dollars(900))
    assert (plan.plan_code, plan.credits, plan.price) == ("growth", 40_000, dollars(14_900))
    assert cheaper.kind == "lower_quality"
    assert said == [only(OperationReplied, said)]
    assert numbers(desk) == (40, 0, 40)


def test_s3_in_the_grey_zone_the_hold_is_what_there_is() -> None:
    with_55, with_50 = desk_with(55), desk_with(50)

    assert authorised(with_55.tell(requested(1))).held == 55
    assert authorised(with_50.tell(requested(1))).held == 50


def test_s4_two_hundred_at_once() -> None:
    desk = desk_with(500)
    wanted = [images_requested(number, quality=1) for number in range(200)]

    replies, states = list[OperationReplied](), list[BalanceChanged]()
    for start in range(0, 200, 7):
        replies += all_of(OperationReplied, desk.tell(*wanted[start : start + 7]))
        states += desk.end_batch()
    granted = [reply.id for reply in replies if reply.data is not None]
    refusals = [reply.error.code for reply in replies if reply.error is not None]

    assert (len(granted), refusals) == (100, ["credits.insufficient"] * 100)
    assert numbers(desk) == (500, 500, 0)
    assert min(state.available for state in states) == 0

    said = desk.tell(*[images_completed(number, quality=1) for number in range(100)])

    assert numbers(desk) == (0, 0, 0)
    assert len(all_of(UsageRecorded, said)) == 100
    assert sum(fact.charged for fact in all_of(CreditsCommitted, said)) == 500


def test_s5_duplicates_and_conflicts() -> None:
    desk = desk_with(1000)

    said = desk.tell(requested(1), requested(1), requested(1))
    replies = all_of(OperationReplied, said)
    charges = all_of(CreditsCommitted, desk.tell(completed(1), completed(1)))
    other = refused(desk.tell(requested(1, operation_type="clustering")))

    assert [reply.replayed for reply in replies] == [False, True, True]
    assert len({repr(reply.data) for reply in replies}) == 1
    assert [fact.charged for fact in charges] == [47]
    assert (other.code, other.state) == ("conflict", "committed")
    assert numbers(desk) == (953, 0, 953)


def test_s5_completed_before_requested_is_one_deduction_and_no_open_hold() -> None:
    desk = desk_with(1000)

    desk.tell(completed(1))
    desk.end_batch(timedelta(seconds=5))
    asked = authorised(desk.tell(requested(1)))

    assert (asked.state, asked.held, asked.charged) == ("committed_late", 0, 47)
    assert numbers(desk) == (953, 0, 953)


def test_s6_failure_frees_the_hold_and_costs_nothing() -> None:
    desk = desk_with(1000)

    said = desk.tell(requested(1), failed(1))

    assert only(CreditsReleased, said).released == 60
    assert (logged(said).status, logged(said).credits_used) == ("failed", 0)
    assert numbers(desk) == (1000, 0, 1000)


def test_s6_what_failed_and_completed_after_all_is_charged_late() -> None:
    desk = desk_with(1000)

    said = desk.tell(requested(1), failed(1), completed(1))

    assert (charge(said).charged, charge(said).late) == (47, True)
    assert state_of(desk) == "committed_late"


def test_s6_a_cancellation_after_the_charge_changes_nothing() -> None:
    desk = desk_with(1000)
    desk.tell(requested(1), completed(1))

    assert desk.tell(cancelled(1)) == []
    assert numbers(desk) == (953, 0, 953)
    assert state_of(desk) in CHARGED


def test_s7_late_completion_after_expiry() -> None:
    desk = desk_with(9000)
    desk.tell(requested(1))

    (fact,) = expired(desk)
    desk.end_batch(timedelta(minutes=2))
    said = desk.tell(completed(1))

    assert (fact.released, fact.available_after) == (60, 9000)
    assert fact.expires_at == "2026-01-15T12:15:00.000Z"
    assert (charge(said).charged, logged(said).status) == (47, "late")
    assert numbers(desk) == (8953, 0, 8953)


def test_s7_late_completion_with_too_little_left() -> None:
    desk = desk_with(60)
    desk.tell(requested(1))
    expired(desk)
    desk.tell(images_completed(2, quality=8))  # Spends 40 of the 60.

    said = desk.tell(completed(1))
    alert = warning(said)

    assert only(ShortfallRecorded, said).shortfall == 27
    assert (logged(said).credits_used, logged(said).shortfall) == (20, 27)
    assert (alert.kind, alert.audience, alert.severity) == ("credits.shortfall", "ops", "warning")
    assert numbers(desk) == (0, 0, 0)


def test_s7_a_hold_counts_until_its_sweep() -> None:
    desk = desk_with(60)
    desk.tell(requested(1))
    desk.end_batch(QUARTER - timedelta(milliseconds=1))

    assert desk.tell(HoldDue(ANN, uuid(1))) == []
    assert numbers(desk) == (60, 60, 0)
    assert len(expired(desk, timedelta(milliseconds=1))) == 1


def test_s8_estimate_too_low() -> None:
    desk = desk_with(70)

    said = desk.tell(requested(1), completed(1, tokens_output=6300))

    assert charge(said).charged == 70  # 60 held and 10 that were free.
    assert charge(said).released == 0
    assert only(ShortfallRecorded, said).shortfall == 13
    assert numbers(desk) == (0, 0, 0)


def test_s9_images_by_quality() -> None:
    desk = desk_with(1000)

    asked = authorised(desk.tell(images_requested(1, premium=3)))
    said = desk.tell(images_completed(1, premium=2))
    row = logged(said)

    assert asked.held == 45
    assert (charge(said).charged, charge(said).released) == (30, 15)
    assert (row.items_created, row.item_kind, row.image_quality) == (2, "image", "premium")
    assert (row.cost_usd, row.model_used, row.provider) == ("0.28000000", "google:4@2", "google")
