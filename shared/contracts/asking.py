"""What queries have in common: pages, ranges of time, and who may ask what."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, field

from shared.contracts import canonical
from shared.contracts.access import ADMIN, MEMBER, SERVICE, Who
from shared.contracts.errors import Problem
from shared.contracts.message import Part, Request
from shared.contracts.moments import moment_of
from shared.contracts.types import Code, Cursor, JsonObject, TimeOrDate, Uuid

MEMBER_OR_SERVICE = MEMBER | SERVICE
ADMIN_OR_SERVICE = ADMIN | SERVICE

Words: TypeAlias = Annotated[Sequence[Code], Meta(max_length=100)]


class Query(Request, frozen=True, kw_only=True):
    """A question; its parameters are read by the query that it names."""

    who: ClassVar[Who] = MEMBER_OR_SERVICE  # Narrowed by the query that is asked.
    natural_key: ClassVar[str] = "request_id"

    query: Code
    params: JsonObject | None = None
    request_id: Uuid | None = None
    account_id: Uuid | None = None  # Absent: all accounts, for a developer.

    @property
    def subject(self) -> str:
        return self.request_id or ""


class Params(Part, frozen=True, kw_only=True):
    """What one query asks, who may ask it and what the answer is made of."""

    query: ClassVar[str]
    who: ClassVar[Who]
    answer: ClassVar[type[Part]]
    is_for_all_accounts: ClassVar[bool] = False  # A developer may leave `account_id` out.


class Page(Part, frozen=True, kw_only=True):
    """So many rows, from where the page before ended."""

    size: Literal[10, 25, 50, 100] = 25
    cursor: Cursor | None = None


class Range(Part, frozen=True, kw_only=True):
    """From a moment until before another, or so many UTC days or months that end with today."""

    from_: TimeOrDate | None = field(name="from", default=None)
    to: TimeOrDate | None = None
    preset: Literal["7d", "30d", "90d", "6m"] | None = None

    def __post_init__(self) -> None:
        if self.preset is not None and (self.from_ is not None or self.to is not None):
            raise ValueError("`preset`: Expected this or `from` and `to`")
        if self.from_ is not None:
            check_calendar("from", self.from_)
        if self.to is not None:
            check_calendar("to", self.to)


def check_calendar(name: str, bound: str) -> None:
    """Digits in their places are not yet a day: there is no 30th of February."""
    try:
        moment_of(bound)
    except ValueError as error:
        raise ValueError(f"`{name}`: Expected a day and a time that exist") from error


def parameters(
    questions: Mapping[str, type[Params]], query: str, params: JsonObject | None
) -> Params | list[Problem]:
    """Read what a query asks, or say which of its parameters are wrong, as `params.page.size`."""
    asked = questions.get(query)
    if asked is None:
        return [Problem(path="query", reason=f"Expected one of {', '.join(questions)}")]
    said = canonical.convert(params or {}, asked)
    if isinstance(said, Params):
        return said
    return [
        Problem(path=f"params.{problem.path}".strip("."), reason=problem.reason) for problem in said
    ]
