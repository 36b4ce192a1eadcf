"""Credits that a developer gave or took by hand, or could not take."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.types import Bucket


@dataclass(slots=True)
class Adjustment:
    """What was asked, by whom, and what was answered: an entry of the ledger or a refusal."""

    lane: int
    adjustment_id: str
    account_id: str
    amount: int
    bucket: Bucket
    request: bytes  # What was asked, as JSON.
    actor: str | None
    made_at: datetime
    available_after: int
    transaction_id: str | None = None
    seq: int | None = None
    balance_after: int | None = None
    refusal: bytes | None = None
    is_new: bool = False
