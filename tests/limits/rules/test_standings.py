"""What counts for an account: its plan, its own limits, its month; and what is announced of it."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from services.limits.domain import Unfit
from shared.contracts.limits import (
    OverageCleared,
    OverageDetected,
    OverrideUpdateReplied,
    WindowOpened,
)
from shared.contracts.message import encode
from shared.contracts.operating import AuditRecorded
from tests.hearing import all_of, only, refused, to_customers
from tests.limits.making import asks_for, cleared, confirmed, opened, override, plan_now, site_made
from tests.limits.rules.desk import BY_DEVELOPER, Desk, desk_on, held, use
from tests.making import ANN, BOB, on_plan, uuid


def test_an_account_that_nobody_has_heard_of_has_the_limits_of_free() -> None:
    desk = Desk()

    assert held(desk.tell(asks_for(1, 100))).available == 0
    assert [row.limit for row in desk.state().limits] == [1, 1, 100, 0]


def test_the_plan_of_a_subscription_counts_while_it_lives() -> None:
    desk = Desk()
    desk.tell(on_plan("growth", version=2), on_plan("free", version=1))
    assert desk.row("sites").limit == 5

    desk.tell(on_plan("growth", version=3, status="canceled"))

    assert desk.state().plan_code == "free"


@pytest.mark.parametrize(
    ("status", "plan"),
    [
        ("trialing", "growth"),
        ("active", "growth"),
        ("past_due", "growth"),
        ("incomplete", "free"),
        ("canceled", "free"),
    ],
)
def test_a_subscription_lives_from_its_trial_until_it_is_canceled(status: str, plan: str) -> None:
    desk = Desk()

    desk.tell(on_plan("growth", status=status))

    assert desk.state().plan_code == plan


def test_the_first_month_of_an_account_is_no_news_and_the_next_one_is() -> None:
    desk = Desk()
    assert all_of(WindowOpened, desk.tell(opened())) == []
    desk.end_batch()

    said = desk.until(datetime(2026, 2, 1, tzinfo=UTC))

    assert only(WindowOpened, said).window == "2026-02"
    (state,) = desk.end_batch()
    assert (state.window, state.version) == ("2026-02", only(WindowOpened, said).version)


def test_a_message_opens_the_month_where_the_clock_has_not_yet() -> None:
    desk = desk_on("starter", queries=50)
    desk.end_batch(datetime(2026, 2, 1, tzinfo=UTC) - desk.book.now)

    said = desk.tell(asks_for(1, 1, "ahrefs_queries"))

    assert (held(said).window, held(said).current) == ("2026-02", 1)
    assert only(WindowOpened, said).window == "2026-02"
    assert desk.sweep() == []


def test_one_state_an_account_and_batch_and_none_where_nothing_changed() -> None:
    desk = desk_on("starter")
    desk.tell(*[asks_for(number, 1) for number in range(3)])

    (state,) = desk.end_batch()

    assert (state.account_id, state.version) == (ANN, desk.account().version)
    desk.tell(asks_for(1, 1), asks_for(9, 5_000))
    assert desk.end_batch() == []


def test_a_plan_with_other_limits_reaches_its_accounts_without_a_message_of_theirs() -> None:
    desk = desk_on("starter")
    desk.tell(site_made(1), site_made(2))
    desk.end_batch()

    desk.tell(plan_now("starter", sites=1))
    said = desk.sweep()

    assert only(OverageDetected, said).items[0].over_by == 1
    assert [state.limits[0].limit for state in desk.end_batch()] == [1]
    assert desk.due() == []
    desk.tell(site_made(1))
    assert desk.end_batch() == []


def test_a_limit_of_its_own_goes_before_the_plans_until_it_is_cleared() -> None:
    desk = desk_on("starter")

    said = desk.tell(override("sites", 7), asked=BY_DEVELOPER)

    reply = only(OverrideUpdateReplied, said)
    assert reply.data is not None
    assert (reply.data.row.limit, reply.data.row.override, reply.data.version) == (7, True, 1)
    audit = only(AuditRecorded, said)
    assert audit.before == {"limit": 2, "override": False}
    assert audit.after == {"limit": 7, "override": True, "reason": "A big customer"}
    assert only(OverrideUpdateReplied, desk.tell(override("sites", 7))).replayed
    desk.tell(cleared("sites", 1), asked=BY_DEVELOPER)
    assert (desk.row("sites").limit, desk.row("sites").override) == (2, False)


def test_a_limit_of_its_own_is_answered_the_same_however_much_is_used_since() -> None:
    desk = desk_on("starter")
    first = only(OverrideUpdateReplied, desk.tell(override("sites", 7), asked=BY_DEVELOPER))
    desk.tell(site_made(1))

    (again,) = desk.tell(override("sites", 7), asked=BY_DEVELOPER)

    assert isinstance(again, OverrideUpdateReplied)
    assert encode(again) == encode(replace(first, replayed=True))


def test_whoever_read_an_older_override_is_told_its_version() -> None:
    desk = desk_on("starter")
    desk.tell(override("sites", 7))

    error = refused(desk.tell(override("sites", 9)))

    assert (error.code, error.version) == ("conflict", 1)


def test_what_is_expected_of_an_override_is_its_very_version() -> None:
    desk = desk_on("starter")
    assert refused(desk.tell(override("sites", 7, 5))).version == 0
    desk.tell(override("sites", 7), override("sites", 8, 1), override("sites", 7, 2))

    assert refused(desk.tell(override("sites", 7))).version == 3
    assert refused(desk.tell(override("sites", 7, 1))).version == 3
    reply = only(OverrideUpdateReplied, desk.tell(override("sites", 7, 3)))

    assert reply.data is not None
    assert (reply.replayed, reply.data.version) == (False, 4)


def test_a_month_begins_also_with_a_message_that_fits_nothing() -> None:
    desk = desk_on("starter")
    desk.end_batch(datetime(2026, 2, 1, tzinfo=UTC) - desk.book.now)

    said = desk.tell(confirmed(uuid(404), 1))

    assert [type(one) for one in said] == [WindowOpened, Unfit]


def test_the_reply_comes_first_and_what_follows_from_a_change_last() -> None:
    desk = desk_on("starter", keywords=100)

    said = desk.tell(override("keywords", 40), asked=BY_DEVELOPER)

    assert [type(one) for one in said[:3]] == [
        OverrideUpdateReplied,
        AuditRecorded,
        OverageDetected,
    ]


def test_a_lower_limit_of_its_own_is_passed_and_a_higher_one_clears_it() -> None:
    desk = desk_on("starter", keywords=100)

    said = desk.tell(override("keywords", 40), asked=BY_DEVELOPER)
    assert only(OverageDetected, said).items[0].over_by == 60

    said = desk.tell(override("keywords", None, 1), asked=BY_DEVELOPER)
    assert only(OverageCleared, said).items[0].limit is None


def test_a_monthly_limit_that_is_passed_is_shown_and_resets_by_itself() -> None:
    desk = desk_on("growth", queries=120)

    said = desk.tell(on_plan("starter", version=2))

    assert all_of(OverageDetected, said) == []
    assert (desk.row("ahrefs_queries").over_by, desk.row("ahrefs_queries").remaining) == (70, 0)


def test_a_new_limit_starts_new_marks_and_a_small_one_has_none() -> None:
    desk = desk_on("starter", keywords=799)
    assert [alert.threshold for alert in to_customers(use(desk, 1, 1))] == [80]
    desk.tell(override("keywords", 2_000), asked=BY_DEVELOPER)

    (alert,) = to_customers(use(desk, 2, 800))

    assert (alert.threshold, alert.mark) == (80, "keywords:2000")
    assert to_customers(desk.tell(site_made(1), site_made(2))) == []


def test_a_mark_that_was_passed_before_its_limit_came_is_not_told() -> None:
    desk = desk_on("starter", keywords=850)
    desk.tell(override("keywords", 1_050), asked=BY_DEVELOPER)

    assert to_customers(use(desk, 1, 10)) == []
    assert [alert.threshold for alert in to_customers(use(desk, 2, 90))] == [90]


def test_a_mark_may_be_told_again_in_another_month() -> None:
    desk = desk_on("starter", queries=39)
    assert len(to_customers(use(desk, 1, 1, "ahrefs_queries"))) == 1

    desk.until(datetime(2026, 2, 1, tzinfo=UTC))

    assert len(to_customers(use(desk, 2, 40, "ahrefs_queries"))) == 1


def test_what_is_held_for_one_account_is_nothing_to_another() -> None:
    desk = desk_on("starter")
    desk.tell(asks_for(1, 1_000))

    hold = held(desk.tell(asks_for(1, 100, account=BOB)))

    desk.tell(confirmed(hold.hold_id, 100, BOB))
    assert desk.used("keywords") == (0, 1_000)
    assert desk.row("keywords", BOB).current == 100
