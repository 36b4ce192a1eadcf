"""A refund freezes, takes and gives back credits, never more than there are (P13, S13)."""

import pytest

from shared.contracts.credits import (
    CreditsCommitted,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    FreezeReplied,
    Frozen,
)
from shared.contracts.operating import AuditRecorded
from tests.correcting import PAYMENT, freeze, refunded, reversed_, unfreeze
from tests.credits.rules.desk import Desk, authorised, charge, desk_with
from tests.hearing import only, refused
from tests.making import Fields, completed, failed, now_is, paid, requested, uuid

PACKAGE = uuid(902)


def buckets(desk: Desk) -> tuple[int, int, int]:
    account = desk.account()
    return account.plan_bucket, account.purchased_bucket, account.held


def frozen(said: object) -> Frozen:
    assert isinstance(said, FreezeReplied)
    assert said.data is not None, said.error
    return said.data


def test_what_is_unspent_is_frozen_without_an_end() -> None:
    desk = desk_with(purchased=500)

    reply, fact = desk.tell(freeze(1, 500))

    assert frozen(reply) == Frozen(refund_id=uuid(1), frozen=500, unspent=500, available_after=0)
    assert isinstance(fact, CreditsReserved)
    assert (fact.kind, fact.refund_id, fact.estimated, fact.held) == ("refund", uuid(1), 500, 500)
    assert (fact.expires_at, fact.price_version, fact.operation_id) == (None, None, None)
    assert (fact.version, fact.available_after, fact.balance_after) == (2, 0, 500)
    assert buckets(desk) == (0, 500, 500)


def test_a_freeze_of_more_than_is_unspent_is_refused_for_ever() -> None:
    desk = desk_with(purchased=500)

    error = refused(desk.tell(freeze(1, 2_000)))
    assert (error.code, error.http_status) == ("refund.exceeds.unspent", 409)
    assert error.unspent_credits == 500
    assert buckets(desk) == (0, 500, 0)

    desk.tell(paid(5_000, invoice=3, kind="credit_package", code="business"))
    (again,) = desk.tell(freeze(1, 2_000))
    assert isinstance(again, FreezeReplied)
    assert (again.error, again.replayed) == (error, True)


@pytest.mark.parametrize(
    ("plan", "purchased", "wanted", "bucket", "held"),
    [
        (0, 500, 2_000, "purchased", 500),
        (300, 500, 2_000, "purchased", 500),
        (300, 500, 2_000, "plan", 300),
        (0, 0, 2_000, "purchased", 0),
        (300, 500, 100, "purchased", 100),
    ],
)
def test_a_part_is_frozen_where_a_part_will_do(
    plan: int, purchased: int, wanted: int, bucket: str, held: int
) -> None:
    desk = desk_with(plan=plan, purchased=purchased)

    reply, fact = desk.tell(freeze(1, wanted, allow_partial=True, bucket=bucket))

    data = frozen(reply)
    assert (data.frozen, data.available_after) == (held, plan + purchased - held)
    assert isinstance(fact, CreditsReserved)
    assert (fact.estimated, fact.held) == (wanted, held)


def test_what_operations_hold_is_not_frozen() -> None:
    desk = desk_with(purchased=100)
    desk.tell(requested(7))

    reply, _ = desk.tell(freeze(1, 100, allow_partial=True))

    assert frozen(reply).frozen == 40
    assert buckets(desk) == (0, 100, 100)


def test_what_is_frozen_is_not_spent_and_free_again_when_the_gateway_refuses() -> None:
    desk = desk_with(purchased=500)
    desk.tell(freeze(1, 500))

    assert refused(desk.tell(requested(7))).code == "credits.insufficient"
    fact = only(CreditsReleased, desk.tell(unfreeze(1)))
    assert (fact.kind, fact.refund_id, fact.released) == ("refund", uuid(1), 500)
    assert (fact.reason, fact.available_after, fact.version) == ("refund_failed", 500, 3)
    assert authorised(desk.tell(requested(8))).held == 60
    assert desk.tell(unfreeze(1)) == []


@pytest.mark.parametrize("status", ["suspended", "cancelled"])
def test_money_goes_back_whatever_the_account_is(status: str) -> None:
    desk = desk_with(purchased=500)
    desk.tell(now_is(status))

    reply, _ = desk.tell(freeze(1, 500))
    desk.tell(refunded(1, 500))

    assert frozen(reply).frozen == 500
    assert buckets(desk) == (0, 0, 0)


def test_a_refund_takes_what_was_frozen_for_it() -> None:
    desk = desk_with(purchased=500)
    desk.tell(freeze(1, 500))

    said = desk.tell(refunded(1, 500), refunded(1, 500))
    fact, entry = only(CreditsRevoked, said), desk.book.entries[-1]

    assert (fact.revoked, fact.unrecovered, fact.bucket, fact.forced) == (
        500,
        0,
        "purchased",
        False,
    )
    assert (fact.refund_id, fact.payment_id, fact.invoice_id) == (uuid(1), PAYMENT, PACKAGE)
    assert (fact.seq, fact.version, fact.balance_after, fact.available_after) == (2, 3, 0, 0)
    assert fact.transaction_id == entry.transaction_id
    assert (entry.type, entry.reference_type, entry.reference_id) == ("refund", "refund", uuid(1))
    assert (entry.plan_delta, entry.purchased_delta, entry.balance_after) == (0, -500, 0)
    assert buckets(desk) == (0, 0, 0)


def test_what_was_frozen_beyond_what_is_revoked_is_free() -> None:
    desk = desk_with(purchased=500)
    desk.tell(freeze(1, 500))

    fact = only(CreditsRevoked, desk.tell(refunded(1, 200)))

    assert (fact.revoked, fact.available_after) == (200, 300)
    assert buckets(desk) == (0, 300, 0)


def test_a_forced_refund_takes_what_is_left_and_names_the_rest() -> None:
    """S13: 1,500 of a package of 2,000 are spent; nobody is left with less than nothing."""
    desk = desk_with(purchased=500)
    desk.tell(freeze(1, 2_000, allow_partial=True))

    said = desk.tell(refunded(1, 2_000, forced=True))
    fact, audit = only(CreditsRevoked, said), only(AuditRecorded, said)

    assert (fact.revoked, fact.unrecovered, fact.forced, fact.balance_after) == (
        500,
        1_500,
        True,
        0,
    )
    assert (audit.action, audit.object.type, audit.object.id) == (
        "payment.refunded",
        "refund",
        uuid(1),
    )
    assert audit.before == {"plan_bucket": 0, "purchased_bucket": 500}
    assert audit.after is not None
    assert (audit.after["purchased_bucket"], audit.after["unrecovered"]) == (0, 1_500)
    assert buckets(desk) == (0, 0, 0)


def test_what_others_hold_is_never_taken() -> None:
    desk = desk_with(purchased=100)
    desk.tell(requested(7))

    fact = only(CreditsRevoked, desk.tell(refunded(1, 100, forced=True)))
    done = charge(desk.tell(completed(7)))

    assert (fact.revoked, fact.unrecovered, fact.available_after) == (40, 60, 0)
    assert (done.charged, done.shortfall) == (47, 0)


def test_another_bucket_is_not_touched_for_what_nobody_froze() -> None:
    desk = desk_with(plan=1_000, purchased=300)

    fact = only(CreditsRevoked, desk.tell(refunded(1, 500, forced=True)))

    assert (fact.revoked, fact.unrecovered) == (300, 200)
    assert buckets(desk) == (1_000, 0, 0)


def test_what_was_frozen_is_there_although_its_bucket_was_spent_first() -> None:
    """P12 takes the plan bucket first: what is frozen of it then comes from the other one."""
    desk = desk_with(plan=500, purchased=500)
    desk.tell(freeze(1, 500, bucket="plan"))
    desk.tell(requested(7), completed(7))
    assert buckets(desk) == (453, 500, 500)

    fact = only(CreditsRevoked, desk.tell(refunded(1, 500, bucket="plan")))
    entry = desk.book.entries[-1]

    assert (fact.revoked, fact.unrecovered, fact.bucket) == (500, 0, "plan")
    assert (entry.plan_delta, entry.purchased_delta) == (-453, -47)
    desk.tell(reversed_(1))
    assert buckets(desk) == (453, 500, 0)


def test_nothing_left_is_a_fact_without_an_entry() -> None:
    desk = desk_with(plan=100)

    fact = only(CreditsRevoked, desk.tell(refunded(1, 500, forced=True)))

    assert (fact.revoked, fact.unrecovered, fact.transaction_id) == (0, 500, None)
    assert (fact.seq, fact.version) == (1, 1)
    assert len(desk.book.entries) == 1


def test_what_the_gateway_takes_back_returns_once() -> None:
    desk = desk_with(plan=10, purchased=500)
    desk.tell(freeze(1, 500), refunded(1, 500))

    fact = only(CreditsGranted, desk.tell(reversed_(1), reversed_(1)))
    entry = desk.book.entries[-1]

    assert (fact.granted, fact.bucket, fact.reason) == (500, "purchased", "refund_reversed")
    assert (fact.refund_id, fact.line, fact.invoice_id) == (uuid(1), None, PACKAGE)
    assert (fact.kind, fact.code) == ("credit_package", "pro")
    assert (entry.type, entry.reference_id, entry.purchased_delta) == ("refund", uuid(1), 500)
    assert fact.transaction_id == entry.transaction_id
    assert buckets(desk) == (10, 500, 0)


@pytest.mark.parametrize(
    ("bucket", "invoice", "kind", "code"),
    [
        ("purchased", 902, "credit_package", "pro"),
        ("plan", 901, "subscription", "starter"),
        ("purchased", 77, "credit_package", "unknown"),
        ("plan", 77, "subscription", "unknown"),
    ],
)
def test_credits_return_as_what_was_bought(bucket: str, invoice: int, kind: str, code: str) -> None:
    desk = desk_with(plan=500, purchased=500)
    of: Fields = {"bucket": bucket, "invoice_id": uuid(invoice)}

    fact = only(CreditsGranted, desk.tell(refunded(1, 200, **of), reversed_(1)))

    assert (fact.kind, fact.code, fact.bucket) == (kind, code, bucket)


def test_other_content_under_a_known_refund_is_a_conflict() -> None:
    desk = desk_with(purchased=500)
    first, _ = desk.tell(freeze(1, 300))

    assert refused(desk.tell(freeze(1, 200))).code == "conflict"
    (again,) = desk.tell(freeze(1, 300))

    assert isinstance(again, FreezeReplied)
    assert (frozen(again), again.replayed) == (frozen(first), True)
    assert desk.account().held == 300


def test_a_hold_and_a_freeze_end_each_for_itself() -> None:
    desk = desk_with(purchased=500)
    desk.tell(requested(7), freeze(1, 440))
    assert desk.account().available == 0

    desk.tell(failed(7))
    assert desk.account().held == 440
    assert only(CreditsRevoked, desk.tell(refunded(1, 440))).revoked == 440
    assert only(CreditsCommitted, desk.tell(completed(7))).charged == 47
