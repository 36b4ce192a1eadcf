"""Credits that go back with their money: what is known of one refund or one dispute."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from shared.contracts.invoicing import GrantKind
from shared.contracts.types import Bucket

ClawbackKind: TypeAlias = Literal["refund", "dispute"]
ClawbackState: TypeAlias = Literal["refused", "frozen", "released", "revoked", "reversed"]


class Bought(NamedTuple):
    """What a payment was for."""

    kind: GrantKind
    code: str


@dataclass(slots=True)
class Clawback:
    """One refund or dispute in its whole life, whichever of its messages came first."""

    lane: int
    subject_id: str
    account_id: str
    kind: ClawbackKind
    reservation_id: str
    created_at: datetime
    state: ClawbackState
    payment_id: str | None = None
    invoice_id: str | None = None
    bucket: Bucket | None = None  # None until anybody says it.
    asked: int = 0
    frozen: int = 0  # At first; held while the state is "frozen".
    available_after: int = 0
    closed_at: datetime | None = None  # When it was no more frozen, or could not be any more.
    to_revoke: int = 0
    from_plan: int = 0
    from_purchased: int = 0
    forced: bool = False
    revoked_at: datetime | None = None
    revoke_seq: int | None = None  # Of its ledger entry.
    reversed_at: datetime | None = None
    reverse_seq: int | None = None
    request: bytes | None = None  # What was asked, as JSON: None where nobody asked to freeze.
    refusal: bytes | None = None  # The error that the request was answered with.
    is_changed: bool = False

    @property
    def open_hold(self) -> int:
        return self.frozen if self.state == "frozen" else 0

    @property
    def revoked(self) -> int:
        return self.from_plan + self.from_purchased

    @property
    def unrecovered(self) -> int:
        """Spent before the money went back: nobody gets it any more."""
        return self.to_revoke - self.revoked
