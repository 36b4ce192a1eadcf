"""Sites: one is asked for, held, and then made or not."""

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from shared.contracts.access import ADMIN, Who
from shared.contracts.message import Command, Event, Part, Reply
from shared.contracts.types import (
    IS_TEXT,
    TEXT,
    Count,
    Limit,
    Text100,
    Text200,
    Text500,
    Time,
    Uuid,
)

SiteName: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=IS_TEXT, extra=TEXT)
]


class SiteApproved(Part, frozen=True, kw_only=True, omit_defaults=False):
    """The site may be made; its place is held until then."""

    hold_id: Uuid
    current: Count  # Used and held, this one included.
    expires_at: Time
    limit: Limit = None
    available: Count | None = None


class SiteCreationReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "site.creation.replied"

    data: SiteApproved | None = None


class SiteCreationRequested(Command, frozen=True, kw_only=True):
    """Asks whether a site may be made, and holds its place."""

    topic: ClassVar[str] = "site.creation.requested"
    who: ClassVar[Who] = ADMIN
    answer: ClassVar[type[Reply]] = SiteCreationReplied
    natural_key: ClassVar[str] = "request_id"

    request_id: Uuid
    site_name: SiteName
    user_id: Text100 | None = None

    @property
    def subject(self) -> str:
        return self.request_id


class SiteCreated(Event, frozen=True, kw_only=True):
    """A site is there: it counts, with a hold or without."""

    topic: ClassVar[str] = "site.created"

    site_id: Uuid
    hold_id: Uuid | None = None
    request_id: Uuid | None = None
    site_name: Text200 | None = None
    at: Time | None = None

    @property
    def subject(self) -> str:
        return self.site_id


class SiteCreationFailed(Event, frozen=True, kw_only=True):
    """The site was not made: its place is free again."""

    topic: ClassVar[str] = "site.creation.failed"

    hold_id: Uuid | None = None
    request_id: Uuid | None = None
    site_id: Uuid | None = None
    reason: Text500 | None = None
    at: Time | None = None

    def __post_init__(self) -> None:
        if self.hold_id is None and self.request_id is None:
            raise ValueError("`hold_id`: Expected this or `request_id`")

    @property
    def subject(self) -> str:
        return self.hold_id or self.request_id or ""


class SiteDeleted(Event, frozen=True, kw_only=True):
    """A site is gone, also where it is not yet known to have been made."""

    topic: ClassVar[str] = "site.deleted"

    site_id: Uuid
    at: Time | None = None

    @property
    def subject(self) -> str:
        return self.site_id
