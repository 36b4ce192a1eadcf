"""What is paid for is granted, once a line, into its bucket."""

import pytest

from shared.contracts.credits import CreditsGranted
from shared.contracts.invoicing import Grant, InvoicePaid
from tests.credits.rules.desk import Desk, desk_with
from tests.hearing import all_of, only
from tests.making import ANN, BOB, Fields, now_is, on_plan, paid, plan_is, uuid


def buckets(desk: Desk) -> tuple[int, int]:
    return desk.account().plan_bucket, desk.account().purchased_bucket


@pytest.mark.parametrize(
    ("line", "after", "kind"),
    [
        ({"kind": "subscription"}, (70, 0), "subscription"),
        ({"kind": "upgrade"}, (70, 0), "subscription"),
        ({"kind": "credit_package", "code": "pro"}, (0, 70), "purchase"),
        ({"kind": "subscription", "bucket": "purchased"}, (0, 70), "subscription"),
        ({"kind": "credit_package", "bucket": "plan"}, (70, 0), "purchase"),
    ],
)
def test_a_grant_fills_the_bucket_that_was_paid_for(
    line: Fields, after: tuple[int, int], kind: str
) -> None:
    desk = Desk()

    fact = only(CreditsGranted, desk.tell(paid(70, **line)))
    (entry,) = desk.book.entries

    assert buckets(desk) == after
    assert (fact.granted, fact.reason, fact.balance_after) == (70, "paid", 70)
    assert (entry.type, entry.reference_type) == (kind, "invoice_line")
    assert entry.reference_id == f"{uuid(1)}:1"
    assert fact.transaction_id == entry.transaction_id


def test_every_line_of_an_invoice_is_granted_once() -> None:
    desk = Desk()
    lines = [Grant(line=n, kind="upgrade", credits=10 * n, code="growth") for n in (1, 2, 2)]
    invoice = InvoicePaid(account_id=ANN, invoice_id=uuid(1), grants=lines)

    said = desk.tell(invoice, invoice)
    more = desk.tell(paid(5, line=3), paid(5, BOB))

    assert [(fact.line, fact.granted) for fact in all_of(CreditsGranted, said)] == [
        (1, 10),
        (2, 20),
    ]
    assert len(all_of(CreditsGranted, more)) == 2
    assert (desk.account().balance, desk.account(BOB).balance) == (35, 5)


def test_a_top_up_raises_the_plan_bucket_to_its_credits_and_never_above() -> None:
    desk = desk_with(plan=30, purchased=5)

    said = desk.tell(paid(100, policy="top_up"), paid(100, policy="top_up", invoice=2))
    filled, nothing = all_of(CreditsGranted, said)

    assert (filled.granted, nothing.granted) == (70, 0)
    assert nothing.transaction_id is None
    assert (nothing.seq, nothing.version) == (filled.seq, filled.version)
    assert buckets(desk) == (100, 5)


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ({"code": "free"}, 100),  # The Free plan tops up, and says so nowhere in the invoice.
        ({"code": "starter"}, 130),
        ({"code": "nobody-knows"}, 130),
        ({"code": "free", "policy": "accumulate"}, 130),
        ({"code": "free", "kind": "upgrade", "policy": "top_up"}, 130),
        ({"code": "free", "kind": "credit_package", "bucket": "plan", "policy": "top_up"}, 130),
    ],
)
def test_a_subscription_tops_up_where_it_or_its_plan_says_so_and_nothing_else_does(
    line: Fields, after: int
) -> None:
    desk = desk_with(plan=30)

    desk.tell(paid(100, **line))

    assert desk.account().balance == after


def test_money_waits_for_nothing_not_even_for_a_paused_account() -> None:
    desk = Desk()

    desk.tell(now_is("cancelled"), paid(100))

    assert desk.account().balance == 100


def test_the_allocation_is_that_of_the_plan_that_counts_else_of_the_last_grant() -> None:
    desk = Desk()
    seen = list[tuple[str, int]]()

    for news in (
        paid(7_000, invoice=1),
        on_plan("starter"),
        plan_is("starter", 12_000),
        paid(9_000, invoice=2),
        on_plan("starter", status="canceled", version=2),
        on_plan("gold", version=3),
    ):
        desk.tell(news)
        seen += [(s.plan_code, s.plan_credits_per_month) for s in desk.end_batch()]

    # A plan's own update reaches an account with its next change.
    assert seen == [
        ("free", 7_000),
        ("starter", 10_000),
        ("starter", 12_000),
        ("free", 2_000),
        ("gold", 9_000),
    ]


def test_a_top_up_that_adds_nothing_still_tells_of_another_allocation() -> None:
    desk = desk_with(plan=500)

    said = desk.tell(paid(100, policy="top_up"))
    (state,) = desk.end_batch()

    assert only(CreditsGranted, said).granted == 0
    assert (state.plan_credits_per_month, state.seq, state.version) == (100, 1, 2)
