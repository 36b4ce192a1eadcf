"""What invoicing says of plans and accounts is followed, whatever order it comes in."""

import pytest

from services.credits.domain import decide
from shared.contracts.credits import OperationReplied
from shared.contracts.invoicing import AccountOpened
from tests.credits.rules.desk import Desk, authorised, desk_with
from tests.hearing import all_of, refused
from tests.making import ANN, completed, now_is, on_plan, package_is, paid, plan_is, requested


def test_an_older_status_comes_too_late() -> None:
    desk = desk_with(100)

    desk.tell(*[now_is(word, version=n) for word, n in (("suspended", 2), ("active", 1))])
    desk.tell(now_is("trial", version=2))

    assert refused(desk.tell(requested(1))).code == "account.suspended"
    desk.tell(now_is("active", version=3))
    assert authorised(desk.tell(requested(2))).held == 60


def test_a_paused_account_pays_for_what_is_done() -> None:
    desk = desk_with(100)

    desk.tell(requested(1), now_is("suspended"), completed(1))

    assert desk.account().balance == 53


@pytest.mark.parametrize("status", ["trial", "active"])
def test_who_is_not_paused_may_work(status: str) -> None:
    assert authorised(desk_with(100).tell(now_is(status), requested(1))).held == 60


@pytest.mark.parametrize(
    ("status", "plan_code"),
    [
        ("incomplete", "free"),
        ("trialing", "growth"),
        ("active", "growth"),
        ("past_due", "growth"),
        ("canceled", "free"),
    ],
)
def test_a_subscription_counts_while_it_lives(status: str, plan_code: str) -> None:
    desk = Desk()

    desk.tell(on_plan("growth", status=status))
    (state,) = desk.end_batch()

    assert state.plan_code == plan_code


def test_an_older_state_of_a_subscription_comes_too_late() -> None:
    desk = Desk()

    desk.tell(*[on_plan(code, version=n) for code, n in (("growth", 2), ("scale", 1), ("free", 2))])
    (state,) = desk.end_batch()

    assert (state.plan_code, state.version) == ("growth", 1)


def test_an_account_that_is_opened_has_the_free_plan_unless_more_is_known() -> None:
    desk = Desk()
    opened = AccountOpened(account_id=ANN, plan_code="starter")

    desk.tell(opened)
    (first,) = desk.end_batch()
    desk.tell(on_plan("starter"), opened)
    (second,) = desk.end_batch()

    assert (first.plan_code, first.plan_credits_per_month) == ("free", 2_000)
    assert second.plan_code == "starter"


def test_a_plan_keeps_what_its_update_does_not_say() -> None:
    desk = desk_with(plan=30)

    desk.tell(plan_is("free", 500), paid(100, code="free"))

    assert desk.account().balance == 100  # It still tops up.


def test_an_update_of_a_plan_with_a_lower_version_is_dropped() -> None:
    desk = Desk()
    desk.tell(plan_is("starter", 11_000, version=2), plan_is("starter", 9_000, version=2))

    assert desk.book.catalogue.plans["starter"].included_credits == 11_000


def test_the_first_announcement_of_a_plan_counts_whatever_its_version() -> None:
    desk = Desk()
    desk.tell(plan_is("starter", 11_000, version=1))

    assert desk.book.catalogue.plans["starter"].included_credits == 11_000


def test_an_update_of_a_package_with_a_lower_version_is_dropped() -> None:
    desk = Desk()
    desk.tell(package_is("pro", 2_100, version=3))
    desk.tell(package_is("pro", 2_200, version=2), package_is("pro", 2_300, version=3))

    assert desk.book.catalogue.packages["pro"].credits == 2_100


def test_a_status_and_a_plan_are_announced_with_the_account() -> None:
    desk = desk_with(100)
    seen = list[tuple[str, str, int]]()

    for news in (
        now_is("suspended"),
        on_plan("growth"),
        now_is("suspended"),
        now_is("active", version=2),
    ):
        desk.tell(news)
        seen += [(state.status, state.plan_code, state.version) for state in desk.end_batch()]

    assert seen == [
        ("suspended", "free", 2),
        ("suspended", "growth", 3),
        ("active", "growth", 4),
    ]


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00+23:59", "2026-02-31T00:00:00Z", "99999-01-01T00:00:00Z", None]
)
def test_a_time_that_no_calendar_knows_is_that_of_its_reading(since: str | None) -> None:
    desk = desk_with(100)

    error = refused(desk.tell(now_is("suspended", since=since), requested(1)))

    assert error.since == "2026-01-15T12:00:00.000Z"


def test_states_tell_only_of_accounts_that_changed() -> None:
    desk = desk_with(100)

    said = desk.tell(requested(1, model="gpt-0"), plan_is("starter", 1))

    assert len(all_of(OperationReplied, said)) == 1
    assert desk.end_batch() == []
    assert decide(desk.book, plan_is("starter", 2)) == []
