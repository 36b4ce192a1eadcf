"""What was answered, and what customers were told: neither is said differently again."""

from dataclasses import dataclass
from typing import NamedTuple

from shared.contracts.errors import LimitType


class Kept(NamedTuple):
    """The answer to a command that no hold remembers."""

    lane: int
    account_id: str
    topic: str
    natural_key: str
    request: bytes  # What was asked, as JSON.
    answer: bytes  # The reply (`StoredReply`), as JSON.


@dataclass(slots=True)
class Mark:
    """The highest share of a limit that was announced in a month."""

    lane: int
    account_id: str
    limit_type: LimitType
    month: str
    limit: int
    threshold: int = 0  # In per cent.
    is_changed: bool = False
