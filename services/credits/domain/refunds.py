"""Money that goes back takes its credits along: frozen, taken, or free again, in any order (P13).

A refund in the usual order: its credits are frozen, the gateway is asked, and then they are taken
or free again; what a gateway takes back brings them back. Whatever ends a refund may be read before
what it ends: it is remembered, and no later freeze holds anything.
"""

from services.credits import correction_refusals as refusals
from services.credits import corrections
from services.credits.book import Book, Buckets, Clawback
from services.credits.domain.clawbacks import Claim, free, freeze, give_back, revoke, written_down
from shared.asked import Asked
from shared.contracts.credits import (
    FreezeReleased,
    FreezeRequested,
    PaymentRefunded,
    RefundReversed,
)
from shared.contracts.message import Message, encode

FAILED = "refund_failed"


def freeze_refund(book: Book, request: FreezeRequested, _: Asked) -> list[Message]:
    """Hold what is unspent, whatever the account's status: money goes back from all of them."""
    account = book.accounts[request.account_id]
    known = book.clawbacks.get((request.account_id, "refund", request.refund_id))
    if known is not None:
        return [answer_known(book, known, request)]
    row = book.hear_of_clawback(account, "refund", request.refund_id, "refused")
    row.payment_id, row.invoice_id, row.bucket = (
        request.payment_id,
        request.invoice_id,
        request.bucket,
    )
    row.request, row.asked = encode(request), request.credits
    unspent = account.unspent(request.bucket, request.credits)
    if unspent < request.credits and not request.allow_partial:
        row.refusal = encode(refusals.exceeds_unspent(request.credits, unspent))
        return [corrections.freeze_answer(row)]
    freeze(account, row, unspent)
    return [corrections.freeze_answer(row), corrections.frozen(book, account, row)]


def answer_known(book: Book, known: Clawback, request: FreezeRequested) -> Message:
    """The first answer again; what had ended before it was asked is a conflict, and kept."""
    if known.request is None:
        known.request, known.asked, known.is_changed = encode(request), request.credits, True
        known.refusal = encode(refusals.refund_ended(known.state))
        known.available_after = book.accounts[known.account_id].available
        return corrections.freeze_answer(known)
    if not request.is_as_kept(known.request):
        return request.refused(refusals.other_refund(known.state))
    return corrections.freeze_answer(known, replayed=True)


def release_refund(book: Book, said: FreezeReleased, _: Asked) -> list[Message]:
    """The money stays: so do its credits."""
    account = book.accounts[said.account_id]
    known = book.clawbacks.get((said.account_id, "refund", said.refund_id))
    if known is None:
        unheard = book.hear_of_clawback(account, "refund", said.refund_id, "released")
        unheard.closed_at = book.now
        return []
    return free(book, account, known, "released", FAILED) if known.state == "frozen" else []


def refund(book: Book, said: PaymentRefunded, asked: Asked) -> list[Message]:
    """The money has gone back, once: take its credits, as far as they are there."""
    account = book.accounts[said.account_id]
    known = book.clawbacks.get((said.account_id, "refund", said.refund_id))
    if known is not None and known.revoked_at is not None:
        return []
    row = known or book.hear_of_clawback(account, "refund", said.refund_id, "revoked")
    before = Buckets(account.plan_bucket, account.purchased_bucket)
    claim = Claim(said.bucket, said.credits_to_revoke, said.forced)
    told = revoke(book, account, row, said, claim)
    if said.forced:
        told.append(written_down(book, asked, said, row, before))
    return told + give_back(book, account, row) if row.reversed_at else told


def reverse(book: Book, said: RefundReversed, _: Asked) -> list[Message]:
    """The gateway took the refund back, once: so is what it revoked, when that is known."""
    account = book.accounts[said.account_id]
    known = book.clawbacks.get((said.account_id, "refund", said.refund_id))
    if known is None:
        unheard = book.hear_of_clawback(account, "refund", said.refund_id, "reversed")
        unheard.closed_at = unheard.reversed_at = book.now
        return []
    if known.state == "reversed":
        return []
    if known.revoked_at is not None:
        return give_back(book, account, known)
    told = free(book, account, known, "reversed", FAILED) if known.state == "frozen" else []
    known.state, known.is_changed = "reversed", True
    known.reversed_at, known.closed_at = book.now, known.closed_at or book.now
    return told
