"""An account's credits as they stand, for whoever shows them."""

from typing import ClassVar

from shared.contracts.message import Event
from shared.contracts.types import AccountStatus, Code, Count, Credits, Time, Window


class BalanceChanged(Event, frozen=True, kw_only=True):
    """The state after a batch; the highest version counts.

    `used_this_month` counts only for its `window`: in a later month it is 0.
    """

    topic: ClassVar[str] = "credits.balance.changed"
    is_compacted: ClassVar[bool] = True

    balance: Credits
    held: Credits
    available: Credits
    plan_bucket: Credits
    purchased_bucket: Credits
    plan_code: Code
    plan_credits_per_month: Credits
    used_this_month: Credits
    window: Window
    status: AccountStatus
    seq: Count
    version: Count
    at: Time

    @property
    def subject(self) -> str:
        return str(self.version)
