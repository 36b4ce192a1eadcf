"""How long a hold was asked to live: each answer is given again for ever."""

from datetime import datetime
from typing import Literal, NamedTuple


class Extension(NamedTuple):
    """One target that was asked for, of an operation's hold or a run's."""

    lane: int
    subject_id: str
    account_id: str
    kind: Literal["operation", "run"]
    extend_s: int  # From the start of the hold.
    expires_at: datetime  # As it was answered.
    asked_at: datetime
