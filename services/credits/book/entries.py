"""What a batch adds to the books: grants, entries of the ledger, rows of the usage log."""

from datetime import datetime
from typing import NamedTuple

from shared.contracts.credits import UsageRecorded
from shared.contracts.invoicing import GrantKind
from shared.contracts.types import Bucket


class Buckets(NamedTuple):
    """Credits that come (positive) or go (negative)."""

    plan: int
    purchased: int


def into(bucket: Bucket, credits: int, elsewhere: int = 0) -> Buckets:
    """So many credits of a bucket, and so many of the other one."""
    return Buckets(credits, elsewhere) if bucket == "plan" else Buckets(elsewhere, credits)


class Reference(NamedTuple):
    """What a change of a balance is about."""

    type: str
    id: str
    description: str
    metadata: str = "{}"  # As JSON.
    actor: str | None = None


class Granted(NamedTuple):
    """One line of a paid invoice, which is granted once."""

    lane: int
    account_id: str
    invoice_id: str
    line: int
    kind: GrantKind
    code: str
    bucket: Bucket
    asked: int
    credits: int  # Really added.
    seq: int | None
    granted_at: datetime


class Entry(NamedTuple):
    """One change of a balance, for ever."""

    lane: int
    account_id: str
    seq: int
    transaction_id: str
    type: str
    plan_delta: int
    purchased_delta: int
    balance_after: int
    reference_type: str
    reference_id: str
    description: str
    created_at: datetime
    metadata: str
    actor: str | None


class Used(NamedTuple):
    """A row of the usage log, with what the table has beside it."""

    lane: int
    created_at: datetime
    row: UsageRecorded
