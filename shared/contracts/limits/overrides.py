"""Limits of a single account, given by hand in the place of its plan's."""

from typing import ClassVar

from shared.contracts.access import DEVELOPER, Who
from shared.contracts.errors import LimitType
from shared.contracts.limits.shapes import LimitRow
from shared.contracts.message import Command, Part, Reply
from shared.contracts.types import Count, Limit, Note


class OverrideUpdated(Part, frozen=True, kw_only=True):
    """The limit as it stands now, and the version of what was given by hand."""

    row: LimitRow
    version: int


class OverrideUpdateReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "limits.override.update.replied"

    data: OverrideUpdated | None = None


class OverrideUpdateRequested(Command, frozen=True, kw_only=True):
    """Give an account a limit of its own, or its plan's again; version 0 is that of none yet."""

    topic: ClassVar[str] = "limits.override.update.requested"
    who: ClassVar[Who] = DEVELOPER
    answer: ClassVar[type[Reply]] = OverrideUpdateReplied
    natural_key: ClassVar[str] = "limit_type"

    limit_type: LimitType
    reason: Note
    expected_version: Count
    limit: Limit = None
    clear: bool = False

    def __post_init__(self) -> None:
        if self.clear and self.limit is not None:
            raise ValueError("`clear`: Expected this or `limit`")

    @property
    def subject(self) -> str:
        return self.limit_type
