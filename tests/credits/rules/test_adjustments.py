"""Credits given or taken by hand: once, never below nothing, and written down."""

import pytest

from services.credits.domain import Asked
from shared.contracts.credits import AdjustmentReplied, CreditsAdjusted
from shared.contracts.message import Message
from shared.contracts.operating import AuditRecorded
from tests.correcting import adjustment, freeze
from tests.credits.rules.desk import Desk, desk_with
from tests.hearing import only, refused
from tests.making import requested, uuid

EVE = Asked("developer", "eve", "ticket-7")


def told(desk: Desk, *messages: Message) -> list[object]:
    return [*desk.tell(*messages, asked=EVE)]


@pytest.mark.parametrize(
    ("amount", "bucket", "after"),
    [
        (70, "plan", (170, 100)),
        (70, "purchased", (100, 170)),
        (-70, "plan", (30, 100)),
        (-100, "purchased", (100, 0)),
    ],
)
def test_an_adjustment_moves_the_bucket_that_it_names(
    amount: int, bucket: str, after: tuple[int, int]
) -> None:
    desk = desk_with(plan=100, purchased=100)

    said = told(desk, adjustment(1, amount, bucket=bucket, reason="correction"))
    reply, fact, audit = only(AdjustmentReplied, said), said[1], only(AuditRecorded, said)
    account, entry = desk.account(), desk.book.entries[-1]

    assert (account.plan_bucket, account.purchased_bucket) == after
    assert reply.data is not None
    row = reply.data.transaction
    assert (row.type, row.amount, row.balance_after, row.seq) == (
        "adjustment",
        amount,
        200 + amount,
        3,
    )
    assert (row.plan_delta, row.purchased_delta) == (after[0] - 100, after[1] - 100)
    assert (row.reference_type, row.reference_id) == ("adjustment", uuid(1))
    assert (row.actor, row.metadata) == (
        "eve",
        {"reason": "correction", "note": "The site was down."},
    )
    assert (entry.transaction_id, entry.actor) == (row.transaction_id, "eve")
    assert reply.data.available_after == account.available
    assert isinstance(fact, CreditsAdjusted)
    assert (fact.amount, fact.bucket, fact.reason) == (amount, bucket, "correction")
    assert (fact.seq, fact.version, fact.balance_after) == (3, 3, 200 + amount)
    assert audit.before == {"plan_bucket": 100, "purchased_bucket": 100}
    assert audit.after == {"plan_bucket": after[0], "purchased_bucket": after[1]}
    assert (audit.actor.user_id, audit.actor.role) == ("eve", "developer")
    assert (audit.correlation_id, audit.object.id) == ("ticket-7", uuid(1))
    assert desk.book.audits == [audit]


@pytest.mark.parametrize(
    ("amount", "bucket", "room"), [(-101, "plan", 100), (-150, "purchased", 140)]
)
def test_neither_the_bucket_nor_what_is_available_goes_below_nothing(
    amount: int, bucket: str, room: int
) -> None:
    desk = desk_with(plan=100, purchased=300)
    desk.tell(requested(7), freeze(8, 200))  # 260 of 400 are held.

    said = told(desk, adjustment(1, amount, bucket=bucket))
    error = refused(said)

    assert error.code == "credits.insufficient"
    assert (error.required, error.available) == (-amount, room)
    assert (error.shortfall, error.held, error.unit) == (-amount - room, 260, "credits")
    assert len(said) == 1
    assert desk.account().balance == 400
    desk.tell(adjustment(2, 1_000, bucket=bucket))
    assert refused(told(desk, adjustment(1, amount, bucket=bucket))) == error


def test_an_adjustment_is_made_once_and_answered_alike_for_ever() -> None:
    desk = desk_with(plan=100)

    (first, *_), second = told(desk, adjustment(1, 50)), told(desk, adjustment(1, 50))
    other = told(desk, adjustment(1, 50, note="Another reason."))

    assert isinstance(first, AdjustmentReplied)
    again = only(AdjustmentReplied, second)
    assert (again.data, again.replayed, len(second)) == (first.data, True, 1)
    assert refused(other).code == "conflict"
    assert desk.account().balance == 150
