"""What is said of claw-backs and adjustments: replies and facts, with the numbers after them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypedDict

import msgspec

from services.credits.after import after
from services.credits.book import Account, Adjustment, Book, Bought, Clawback, ClawbackKind, into
from shared.contracts.credits import (
    Adjusted,
    AdjustmentReplied,
    AdjustmentRequested,
    CreditsAdjusted,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    FreezeReplied,
    FreezeRequested,
    Frozen,
    Transaction,
)
from shared.contracts.errors import Error
from shared.contracts.moments import in_milliseconds

REFUND_REVERSED = "Refund taken back"
TAKEN_FOR: Mapping[ClawbackKind, str] = MappingProxyType(
    {"refund": "Refund", "dispute": "Dispute lost"}
)

read_error = msgspec.json.Decoder(Error).decode
read_adjustment = msgspec.json.Decoder(AdjustmentRequested).decode


def freeze_answer(row: Clawback, *, replayed: bool = False) -> FreezeReplied:
    """Say what was decided when the freeze was requested; the row remembers all of it."""
    refused = row.refusal is not None
    frozen = Frozen(
        refund_id=row.subject_id,
        frozen=row.frozen,
        unspent=row.frozen,
        available_after=row.available_after,
    )
    return FreezeReplied(
        account_id=row.account_id,
        command=FreezeRequested.topic,
        id=row.subject_id,
        status="error" if refused else "ok",
        data=None if refused else frozen,
        error=read_error(row.refusal) if row.refusal is not None else None,
        replayed=replayed,
    )


class Named(TypedDict):
    """A claw-back by the field of its kind."""

    refund_id: str | None
    dispute_id: str | None


def named(row: Clawback) -> Named:
    is_refund = row.kind == "refund"
    return {
        "refund_id": row.subject_id if is_refund else None,
        "dispute_id": None if is_refund else row.subject_id,
    }


def frozen(book: Book, account: Account, row: Clawback) -> CreditsReserved:
    return CreditsReserved(
        **after(book, account),
        reservation_id=row.reservation_id,
        kind=row.kind,
        estimated=row.asked,
        held=row.frozen,
        **named(row),
    )


def freed(
    book: Book, account: Account, row: Clawback, credits: int, reason: str
) -> CreditsReleased:
    return CreditsReleased(
        **after(book, account),
        reservation_id=row.reservation_id,
        kind=row.kind,
        released=credits,
        reason=reason,
        **named(row),
    )


def revoked(book: Book, account: Account, row: Clawback, entry: str | None) -> CreditsRevoked:
    assert row.payment_id is not None, "money went back: the message said whose it was"
    assert row.invoice_id is not None, "the same message"
    assert row.bucket is not None, "the same message"
    return CreditsRevoked(
        **after(book, account),
        transaction_id=entry,
        **named(row),
        payment_id=row.payment_id,
        invoice_id=row.invoice_id,
        revoked=row.revoked,
        unrecovered=row.unrecovered,
        bucket=row.bucket,
        forced=row.forced,
    )


def given_back(
    book: Book, account: Account, row: Clawback, what: Bought, entry: str | None
) -> CreditsGranted:
    assert row.invoice_id is not None, "what was revoked was of an invoice"
    assert row.bucket is not None, "what was revoked was of a bucket"
    return CreditsGranted(
        **after(book, account),
        transaction_id=entry,
        invoice_id=row.invoice_id,
        kind=what.kind,
        code=what.code,
        granted=row.revoked,
        bucket=row.bucket,
        reason="refund_reversed",
        refund_id=row.subject_id,
    )


def adjustment_answer(row: Adjustment, *, replayed: bool = False) -> AdjustmentReplied:
    """Say what became of it when it was asked; the row remembers all of it."""
    refused = row.refusal is not None
    return AdjustmentReplied(
        account_id=row.account_id,
        command=AdjustmentRequested.topic,
        id=row.adjustment_id,
        status="error" if refused else "ok",
        data=None if refused else made(row),
        error=read_error(row.refusal) if row.refusal is not None else None,
        replayed=replayed,
    )


def made(row: Adjustment) -> Adjusted:
    """The entry of the ledger, as it was written."""
    assert row.transaction_id is not None, "it was not refused"
    assert row.seq is not None, "it was not refused"
    assert row.balance_after is not None, "it was not refused"
    asked, deltas = read_adjustment(row.request), into(row.bucket, row.amount)
    entry = Transaction(
        transaction_id=row.transaction_id,
        account_id=row.account_id,
        seq=row.seq,
        type="adjustment",
        amount=row.amount,
        plan_delta=deltas.plan,
        purchased_delta=deltas.purchased,
        balance_after=row.balance_after,
        description=description_of(asked),
        reference_type="adjustment",
        reference_id=row.adjustment_id,
        metadata=metadata_of(asked),
        created_at=in_milliseconds(row.made_at),
        actor=row.actor,
    )
    return Adjusted(transaction=entry, available_after=row.available_after)


def description_of(asked: AdjustmentRequested) -> str:
    return f"Adjustment: {asked.reason}"


def metadata_of(asked: AdjustmentRequested) -> dict[str, str]:
    """Why it was done, in a word and in words."""
    return {"reason": asked.reason, "note": asked.note}


def adjusted(book: Book, account: Account, row: Adjustment, reason: str) -> CreditsAdjusted:
    assert row.transaction_id is not None, "it was not refused"
    return CreditsAdjusted(
        **after(book, account),
        transaction_id=row.transaction_id,
        adjustment_id=row.adjustment_id,
        amount=row.amount,
        bucket=row.bucket,
        reason=reason,
    )
