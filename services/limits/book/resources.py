"""Things that are counted one by one, so that each counts once and is taken off once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

ResourceKind: TypeAlias = Literal["site", "user", "keyword"]


@dataclass(slots=True)
class Resource:
    """A site or a user that counts, or does no more; of keywords only those that were deleted."""

    lane: int
    account_id: str
    kind: ResourceKind
    resource_id: str
    state: Literal["active", "removed"]
    since: datetime
    is_changed: bool = False
