"""What the queries of limits answer: the `data` of their replies (`payloads.md` 9)."""

from collections.abc import Sequence

from shared.contracts.limits.shapes import LimitRow, Member
from shared.contracts.message import Part
from shared.contracts.types import Count, Credits, Date, Limit, Uuid


class Period(Part, frozen=True, kw_only=True):
    """The month that counts: its first day, its last, and how many come after today."""

    start: Date
    end: Date
    days_remaining: int


class LimitsUsage(Part, frozen=True, kw_only=True):
    """`limits.usage`: the four limits of an account."""

    rows: Sequence[LimitRow]
    period: Period


class SummaryCredits(Part, frozen=True, kw_only=True):
    """An account's credits, as credits told them last."""

    balance: Credits
    plan_allocation: Credits
    used_this_month: Credits


class UsageSummary(Part, frozen=True, kw_only=True):
    """`usage.summary`: limits and credits side by side."""

    limits: Sequence[LimitRow]
    credits: SummaryCredits
    period: Period


class TeamMember(Member, frozen=True, kw_only=True):
    """A member, and of whose team where all accounts are asked for."""

    account_id: Uuid | None = None


class Seats(Part, frozen=True, kw_only=True, omit_defaults=False):
    """How many seats are taken and held."""

    current: Count
    held: Count
    limit: Limit = None


class Team(Part, frozen=True, kw_only=True):
    """`team.members`: a page of members and invitations; all accounts together have no seats."""

    rows: Sequence[TeamMember]
    seats: Seats | None = None
    next_cursor: str | None = None
