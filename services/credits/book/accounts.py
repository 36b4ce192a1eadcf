"""An account as a batch sees it: its balances, and what others say of it."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.types import AccountStatus, Bucket


@dataclass(slots=True, eq=False)
class Standing:
    """What others say of an account: its status, its plan, and the shortfalls it had."""

    lane: int
    account_id: str
    status: AccountStatus = "active"
    status_reason: str = ""
    status_since: datetime | None = None
    status_version: int = 0
    plan_code: str | None = None  # The plan that counts, once it is known.
    subscription_version: int = 0
    granted_per_month: int = 0  # Credits of the last subscription grant, until the plan is known.
    last_shortfall_at: datetime | None = None
    earlier_shortfall_at: datetime | None = None
    is_changed: bool = False


UNKNOWN = Standing(0, "")  # Shared by all accounts of which nobody said anything; never changed.


@dataclass(slots=True)
class Account:
    """Balances, locked for the batch."""

    lane: int
    account_id: str
    plan_bucket: int = 0
    purchased_bucket: int = 0
    held: int = 0
    seq: int = 0  # Of its last ledger entry.
    version: int = 0  # Of its state, holds included.
    used: int = 0  # Charged in `window`.
    window: str = ""
    standing: Standing = UNKNOWN
    first_version: int = 0  # When the batch began.

    @property
    def balance(self) -> int:
        return self.plan_bucket + self.purchased_bucket

    @property
    def available(self) -> int:
        return self.plan_bucket + self.purchased_bucket - self.held

    def bucket(self, name: Bucket) -> int:
        return self.plan_bucket if name == "plan" else self.purchased_bucket

    def unspent(self, name: Bucket, credits: int) -> int:
        """How many of some credits of a bucket could still be taken from it."""
        return min(credits, self.bucket(name), self.available)
