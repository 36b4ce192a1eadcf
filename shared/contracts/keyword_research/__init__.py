"""What keyword_research says and others obey: the keywords that an account no longer has."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.contracts.message import Event
from shared.contracts.types import Count, Uuid


class KeywordDeleted(Event, frozen=True, kw_only=True):
    """Keywords are really deleted: each frees its place, once."""

    topic: ClassVar[str] = "keyword.deleted"

    keyword_ids: Annotated[Sequence[Uuid], Meta(min_length=1, max_length=1000)]
    count: Count | None = None  # How many they are.
    request_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return self.request_id or self.keyword_ids[0]
