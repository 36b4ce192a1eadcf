"""What is said about a change of the book: replies and facts, with the numbers after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from services.credits.book import Account, Book, Buckets, Extension, Granted, Reservation
from services.credits.prices import Config, Model, Usage
from services.credits.remembered import Remembered
from shared.contracts.credits import (
    Authorised,
    BalanceChanged,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    Extended,
    ExtensionReplied,
    ExtensionRequested,
    OperationCompleted,
    OperationReplied,
    OperationRequested,
    ShortfallRecorded,
)
from shared.contracts.errors import Error
from shared.contracts.message import Message
from shared.contracts.moments import in_milliseconds


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A report whose operation has no price: a dead letter, for there is no guess about money."""

    operation_type: str


class Cost(NamedTuple):
    """What the provider takes for a line of usage; None where the model has no price."""

    model: Model | None
    usd: str | None


class Charge(NamedTuple):
    """What a completed operation moved, and how it was priced."""

    transaction_id: str | None
    deltas: Buckets
    released: int
    late: bool
    usage: Usage
    costs: Sequence[Cost]  # A line of usage each.
    config: Config
    said: Remembered | OperationCompleted  # The report, where nobody asked.
    image_credits: Sequence[int]  # Of each line of delivered images.


def first_answer(known: Reservation, *, replayed: bool = False) -> OperationReplied:
    """Say what was decided when the operation was requested; the row remembers all of it."""
    if known.refusal is not None:
        error = msgspec.json.decode(known.refusal, type=Error)
        return OperationReplied(
            account_id=known.account_id,
            command=OperationRequested.topic,
            id=known.subject_id,
            status="error",
            error=error,
            replayed=replayed,
        )
    return OperationReplied(
        account_id=known.account_id,
        command=OperationRequested.topic,
        id=known.subject_id,
        status="ok",
        data=authorised(known, known.first_expiry if replayed else known.expires_at),
        replayed=replayed,
    )


def authorised(known: Reservation, expires_at: datetime) -> Authorised:
    """The numbers of the decision; an extension since then has not changed them."""
    state: Literal["held", "committed_late"] = "committed_late" if known.answered_late else "held"
    return Authorised(
        operation_id=known.subject_id,
        reservation_id=known.reservation_id,
        estimated=known.estimated,
        held=known.held,
        available_after=known.available_after,
        expires_at=in_milliseconds(expires_at),
        price_version=known.price_version,
        state=state,
        charged=known.charged if known.answered_late else 0,
    )


def extended(given: Extension, *, replayed: bool) -> ExtensionReplied:
    return ExtensionReplied(
        account_id=given.account_id,
        command=ExtensionRequested.topic,
        id=given.subject_id,
        status="ok",
        data=Extended(
            operation_id=given.subject_id if given.kind == "operation" else None,
            run_id=given.subject_id if given.kind == "run" else None,
            expires_at=in_milliseconds(given.expires_at),
        ),
        replayed=replayed,
    )


def reserved(book: Book, account: Account, hold: Reservation) -> CreditsReserved:
    return CreditsReserved(
        account_id=account.account_id,
        seq=account.seq,
        version=account.version,
        balance_after=account.balance,
        available_after=account.available,
        at=book.at,
        operation_id=hold.subject_id,
        reservation_id=hold.reservation_id,
        kind="operation",
        operation_type=hold.operation_type,
        estimated=hold.estimated,
        held=hold.held,
        expires_at=in_milliseconds(hold.expires_at),
        price_version=hold.price_version,
    )


def committed(book: Book, account: Account, work: Reservation, done: Charge) -> Sequence[Message]:
    """The charge, and what could not be charged."""
    said = done.said
    fact = CreditsCommitted(
        account_id=account.account_id,
        seq=account.seq,
        version=account.version,
        balance_after=account.balance,
        available_after=account.available,
        at=book.at,
        operation_id=work.subject_id,
        operation_type=done.config.operation_type,
        charged=work.charged,
        shortfall=work.shortfall,
        late=done.late,
        transaction_id=done.transaction_id,
        reservation_id=work.reservation_id,
        released=done.released,
        plan_delta=done.deltas.plan,
        purchased_delta=done.deltas.purchased,
        run_id=said.run_id,
        stage=said.stage,
    )
    return [fact, shortfall(fact)] if work.shortfall else [fact]


def shortfall(fact: CreditsCommitted) -> ShortfallRecorded:
    return ShortfallRecorded(
        account_id=fact.account_id,
        seq=fact.seq,
        version=fact.version,
        balance_after=fact.balance_after,
        available_after=fact.available_after,
        at=fact.at,
        operation_id=fact.operation_id,
        run_id=fact.run_id,
        operation_type=fact.operation_type,
        charged=fact.charged,
        shortfall=fact.shortfall,
        late=fact.late,
    )


def released(
    book: Book, account: Account, hold: Reservation, freed: int, reason: str
) -> CreditsReleased:
    return CreditsReleased(
        account_id=account.account_id,
        seq=account.seq,
        version=account.version,
        balance_after=account.balance,
        available_after=account.available,
        at=book.at,
        operation_id=hold.subject_id,
        reservation_id=hold.reservation_id,
        kind="operation",
        released=freed,
        reason=reason,
    )


def expired(book: Book, account: Account, hold: Reservation, freed: int) -> CreditsExpired:
    return CreditsExpired(
        account_id=account.account_id,
        seq=account.seq,
        version=account.version,
        balance_after=account.balance,
        available_after=account.available,
        at=book.at,
        operation_id=hold.subject_id,
        reservation_id=hold.reservation_id,
        kind="operation",
        released=freed,
        expires_at=in_milliseconds(hold.expires_at),
    )


def granted(book: Book, account: Account, line: Granted, entry: str | None) -> CreditsGranted:
    return CreditsGranted(
        account_id=account.account_id,
        seq=account.seq,
        version=account.version,
        balance_after=account.balance,
        available_after=account.available,
        at=book.at,
        transaction_id=entry,
        invoice_id=line.invoice_id,
        line=line.line,
        kind=line.kind,
        code=line.code,
        granted=line.credits,
        bucket=line.bucket,
        reason="paid",
    )


def balance_changed(book: Book, account: Account) -> BalanceChanged:
    return BalanceChanged(
        account_id=account.account_id,
        balance=account.balance,
        held=account.held,
        available=account.available,
        plan_bucket=account.plan_bucket,
        purchased_bucket=account.purchased_bucket,
        plan_code=book.plan_of(account),
        plan_credits_per_month=book.credits_per_month(account),
        used_this_month=book.used_this_month(account),
        window=book.window,
        status=account.standing.status,
        seq=account.seq,
        version=account.version,
        at=book.at,
    )
