"""What limits can be asked: one record type, and each query's parameters (`payloads.md` 9)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.contracts import operating
from shared.contracts.access import Who
from shared.contracts.asking import ADMIN_OR_SERVICE, MEMBER_OR_SERVICE, Page, Params, Query
from shared.contracts.limits import answers
from shared.contracts.limits.shapes import MemberState
from shared.contracts.message import Part, Reply
from shared.contracts.types import Text100


class LimitsQueryReplied(Reply, frozen=True, kw_only=True):
    """`data` is the answer of the query that was asked (`QUESTIONS`)."""

    topic: ClassVar[str] = "limits.query.replied"


class LimitsQuery(Query, frozen=True, kw_only=True):
    """A question; its parameters are read by the query that it names."""

    topic: ClassVar[str] = "limits.query.requested"
    answer: ClassVar[type[Reply]] = LimitsQueryReplied


class AskLimits(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "limits.usage"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.LimitsUsage


class AskSummary(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "usage.summary"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.UsageSummary


class AskTeam(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "team.members"
    who: ClassVar[Who] = ADMIN_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Team
    is_for_all_accounts: ClassVar[bool] = True

    state: Annotated[Sequence[MemberState], Meta(max_length=10)] | None = None
    search: Text100 | None = None
    page: Page = Page()


ASKED: tuple[type[Params], ...] = (AskLimits, AskSummary, AskTeam, *operating.ASKED)
QUESTIONS: Mapping[str, type[Params]] = {asked.query: asked for asked in ASKED}
