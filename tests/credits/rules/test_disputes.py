"""A dispute freezes what is left of what was bought, and then frees or takes it."""

from itertools import permutations

import pytest

from shared.contracts.credits import CreditsReleased, CreditsReserved, CreditsRevoked
from shared.contracts.message import Message
from shared.contracts.operating import AuditRecorded
from tests.correcting import PAYMENT, disputed, freeze, refunded
from tests.credits.rules.desk import Desk, desk_with
from tests.hearing import only
from tests.making import completed, requested, uuid

OPENED, WON, LOST = (disputed(1, state, 2_000) for state in ("opened", "won", "lost"))


def buckets(desk: Desk) -> tuple[int, int, int]:
    account = desk.account()
    return account.plan_bucket, account.purchased_bucket, account.held


def test_an_opened_dispute_freezes_what_is_left() -> None:
    desk = desk_with(plan=100, purchased=500)

    fact = only(CreditsReserved, desk.tell(OPENED, OPENED))

    assert (fact.kind, fact.dispute_id, fact.refund_id) == ("dispute", uuid(1), None)
    assert (fact.estimated, fact.held, fact.expires_at) == (2_000, 500, None)
    assert buckets(desk) == (100, 500, 500)


def test_a_dispute_that_is_won_frees_them() -> None:
    desk = desk_with(purchased=500)
    desk.tell(OPENED)

    fact = only(CreditsReleased, desk.tell(WON, WON))

    assert (fact.kind, fact.dispute_id, fact.released) == ("dispute", uuid(1), 500)
    assert (fact.reason, fact.available_after) == ("dispute_won", 500)


def test_a_dispute_that_is_lost_takes_them_and_names_the_rest() -> None:
    desk = desk_with(purchased=500)
    desk.tell(OPENED)

    said = desk.tell(LOST, LOST)
    fact, entry = only(CreditsRevoked, said), desk.book.entries[-1]

    assert (fact.dispute_id, fact.refund_id, fact.payment_id) == (uuid(1), None, PAYMENT)
    assert (fact.revoked, fact.unrecovered, fact.forced) == (500, 1_500, True)
    assert (entry.type, entry.reference_type, entry.reference_id) == ("refund", "dispute", uuid(1))
    assert only(AuditRecorded, said).object.type == "dispute"
    assert buckets(desk) == (0, 0, 0)


@pytest.mark.parametrize("end", [WON, LOST], ids=["won", "lost"])
def test_a_dispute_ends_alike_in_any_order(end: Message) -> None:
    found = set()
    for order in permutations([OPENED, OPENED, end, end]):
        desk = desk_with(plan=100, purchased=500)
        desk.tell(*order)
        row = desk.book.clawbacks[desk.account().account_id, "dispute", uuid(1)]
        found.add((*buckets(desk), row.state, row.revoked, desk.account().seq))

    after = (100, 500, 0, "released", 0, 2) if end is WON else (100, 0, 0, "revoked", 500, 3)
    assert found == {after}


def test_what_has_ended_is_not_decided_anew() -> None:
    desk = desk_with(purchased=500)
    desk.tell(OPENED, WON)

    assert desk.tell(LOST, OPENED) == []
    assert buckets(desk) == (0, 500, 0)


def test_what_was_spent_before_the_bank_spoke_is_not_recovered() -> None:
    desk = desk_with(purchased=60)
    desk.tell(requested(7), completed(7))

    fact = only(CreditsRevoked, desk.tell(disputed(1, "lost", 60)))

    assert (fact.revoked, fact.unrecovered, fact.balance_after) == (13, 47, 0)


def test_a_refund_and_a_dispute_of_one_payment_freeze_each_credit_once() -> None:
    desk = desk_with(purchased=500)
    desk.tell(freeze(1, 500))

    held = only(CreditsReserved, desk.tell(OPENED)).held
    desk.tell(refunded(1, 500))
    lost = only(CreditsRevoked, desk.tell(LOST))

    assert (held, lost.revoked, lost.unrecovered) == (0, 0, 2_000)
    assert buckets(desk) == (0, 0, 0)
