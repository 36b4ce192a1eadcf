"""What refunds and disputes have in common: credits are frozen, freed, taken, given back (P13).

Whatever was frozen is there when its money has gone back: it counts as held, so nobody spends it.
Only its bucket may hold less by then, for charges take the plan bucket first (P12); then the rest
comes from the other bucket. Beyond what was frozen, only what its own bucket has and nobody holds.
"""

from typing import NamedTuple

from services.credits import corrections
from services.credits.book import (
    Account,
    Book,
    Bought,
    Buckets,
    Clawback,
    ClawbackState,
    Reference,
    into,
)
from services.credits.domain.thresholds import level_of, tell_the_customer
from shared.asked import Asked, audited
from shared.contracts.credits import PaymentDisputed, PaymentRefunded
from shared.contracts.message import Message, encode
from shared.contracts.operating import AuditObject
from shared.contracts.types import Bucket, JsonObject


class Claim(NamedTuple):
    """What has to go back: so many credits, first of all of a bucket; by force or agreed."""

    bucket: Bucket
    credits: int
    forced: bool


def freeze(account: Account, row: Clawback, credits: int) -> None:
    """Hold what is left of the credits, for as long as it takes."""
    row.state, row.frozen = "frozen", credits
    account.held += credits
    if credits:
        account.version += 1
    row.available_after = account.available


def free(
    book: Book, account: Account, row: Clawback, state: ClawbackState, reason: str
) -> list[Message]:
    """End a freeze: the credits stay whose they are."""
    credits = row.open_hold
    account.held -= credits
    if credits:
        account.version += 1
    row.state, row.closed_at, row.is_changed = state, book.now, True
    return [corrections.freed(book, account, row, credits, reason)]


def revoke(
    book: Book, account: Account, row: Clawback, said: PaymentRefunded | PaymentDisputed, of: Claim
) -> list[Message]:
    """Take what is frozen for it, then what is unspent; say what could not be recovered."""
    freed = row.open_hold
    before = level_of(book, account)
    account.held -= freed
    deltas = taken(account, of, freed)
    row.payment_id, row.invoice_id, row.bucket = said.payment_id, said.invoice_id, of.bucket
    row.to_revoke, row.forced, row.revoked_at = of.credits, of.forced, book.now
    row.from_plan, row.from_purchased = -deltas.plan, -deltas.purchased
    entry = book.enter(account, "refund", deltas, about(row, corrections.TAKEN_FOR[row.kind]))
    row.revoke_seq = account.seq if entry else None
    if freed or entry:
        account.version += 1
    row.state = "reversed" if row.reversed_at else "revoked"
    row.closed_at, row.is_changed = row.closed_at or book.now, True
    tell_the_customer(book, account, before)
    return [corrections.revoked(book, account, row, entry)]


def taken(account: Account, of: Claim, frozen: int) -> Buckets:
    """Which bucket gives how much; `frozen` is not held any more."""
    owed = min(frozen, of.credits)
    own = min(owed, account.bucket(of.bucket))
    left = account.bucket(of.bucket) - own
    rest = min(of.credits - owed, left, account.available - owed)
    return into(of.bucket, -(own + rest), own - owed)


def give_back(book: Book, account: Account, row: Clawback) -> list[Message]:
    """The money came back: so do its credits, each into the bucket that gave it."""
    deltas = Buckets(row.from_plan, row.from_purchased)
    entry = book.enter(account, "refund", deltas, about(row, corrections.REFUND_REVERSED))
    row.reverse_seq = account.seq if entry else None
    if entry:
        account.version += 1
    row.state, row.is_changed = "reversed", True
    row.reversed_at = row.reversed_at or book.now
    return [corrections.given_back(book, account, row, bought(book, row), entry)]


def about(row: Clawback, description: str) -> Reference:
    """What stands in the ledger: for which payment the credits went or came."""
    metadata = encode({"payment_id": row.payment_id, "invoice_id": row.invoice_id}).decode()
    return Reference(row.kind, row.subject_id, description, metadata)


def bought(book: Book, row: Clawback) -> Bought:
    """What the payment was for; an invoice that was never granted here is of its bucket's kind."""
    assert row.invoice_id is not None, "what was revoked was of an invoice"
    assert row.bucket is not None, "what was revoked was of a bucket"
    known = book.bought.get((row.account_id, row.invoice_id, row.bucket))
    if known is not None:
        return known
    invoice = row.account_id, row.invoice_id, row.bucket
    for line in book.new_grants:
        if (line.account_id, line.invoice_id, line.bucket) == invoice:
            return Bought(line.kind, line.code)
    return Bought("credit_package" if row.bucket == "purchased" else "subscription", "unknown")


def written_down(
    book: Book,
    asked: Asked,
    said: PaymentRefunded | PaymentDisputed,
    row: Clawback,
    before: Buckets,
) -> Message:
    """What went back by force is in the audit, with what it cost us."""
    account = book.accounts[row.account_id]
    numbers = {"revoked": row.revoked, "unrecovered": row.unrecovered}
    return audited(
        book,
        said,
        asked._replace(correlation_id=asked.correlation_id or said.subject),
        AuditObject(type=row.kind, id=row.subject_id),
        in_words(before),
        in_words(Buckets(account.plan_bucket, account.purchased_bucket)) | numbers,
    )


def in_words(buckets: Buckets) -> JsonObject:
    return {"plan_bucket": buckets.plan, "purchased_bucket": buckets.purchased}
