"""Accounts as the model knows them: lists of what was heard, and sums of lists."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from shared.contracts.message import Message
from tests.limits.rules.seen import Answer, State

SITES, USERS, KEYWORDS, QUERIES = TYPES = ("sites", "users", "keywords", "ahrefs_queries")


class Offer(NamedTuple):
    """A plan: its version, its price in dollars, and what it allows."""

    version: int
    dollars: int
    limits: dict[str, int | None]


def offer(dollars: int, *limits: int | None) -> Offer:
    return Offer(0, dollars, dict(zip(TYPES, limits, strict=True)))


OFFERS = {
    "free": offer(0, 1, 1, 100, 0),
    "starter": offer(49, 2, 2, 1_000, 50),
    "growth": offer(149, 5, 3, 5_000, 200),
    "scale": offer(399, None, 5, 20_000, 500),
}


@dataclass
class Hold:
    """Something that was asked for, or ended before anybody asked."""

    kind: str
    month: str
    until: datetime
    state: str
    got: int = 0
    nameless: int = 0
    asked: Message | None = None
    answer: Answer | None = None


@dataclass
class Person:
    """A seat, from the invitation on."""

    role: str
    state: str
    email: str
    user: str | None = None
    sites: tuple[str, ...] = ()
    until: datetime | None = None

    @property
    def sits(self) -> bool:
        return self.state != "removed"

    @property
    def owns(self) -> bool:
        return (self.role, self.state) == ("owner", "active")

    def words(self) -> tuple[object, ...]:
        return self.role, self.state, self.email, self.user, self.sites


class Own(NamedTuple):
    """A limit of the account's own."""

    version: int = 0
    is_set: bool = False
    limit: int | None = None
    reason: str = ""


@dataclass
class Customer:
    """One account."""

    holds: dict[tuple[str, str], Hold] = field(default_factory=dict)
    things: dict[tuple[str, str], bool] = field(default_factory=dict)  # Whether they are there.
    team: dict[str, Person] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[Message, Answer]] = field(default_factory=dict)
    own: defaultdict[str, Own] = field(default_factory=lambda: defaultdict(Own))
    status: tuple[int, str] = (0, "active")
    plan: tuple[int, str] = (0, "free")
    followed: int = 0
    month: str = ""
    is_open: bool = False
    over: dict[str, int] = field(default_factory=dict)  # As it was told.
    marks: set[tuple[str, str, int, int]] = field(default_factory=set)

    def in_month(self, kind: str) -> Iterator[Hold]:
        for hold in self.holds.values():
            if hold.kind == kind and (kind != QUERIES or hold.month == self.month):
                yield hold

    def used(self, kind: str) -> int:
        total = sum(hold.nameless for hold in self.in_month(kind))
        if kind == KEYWORDS:
            total -= sum(1 for thing in self.things if thing[0] == KEYWORDS)
        else:
            total += sum(here for (what, _), here in self.things.items() if what == kind)
        if kind == USERS:
            total += sum(person.sits for person in self.team.values())
        return max(total, 0)

    def held(self, kind: str) -> int:
        return sum(hold.got for hold in self.in_month(kind) if hold.state == "held")

    def owners(self) -> list[Person]:
        return [person for person in self.team.values() if person.owns]

    def active(self, user: str | None) -> Person | None:
        found = [p for p in self.team.values() if p.state == "active" and p.user == user]
        return found[0] if found else None


@dataclass
class World:
    """All accounts and plans, at a moment that moves."""

    now: datetime
    offers: dict[str, Offer] = field(default_factory=OFFERS.copy)
    customers: defaultdict[str, Customer] = field(default_factory=lambda: defaultdict(Customer))
    # What the ids that limits makes up stand for: a request, or whose seat it is.
    names: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @property
    def month(self) -> str:
        return f"{self.now:%Y-%m}"

    def is_known(self, one: Customer, kind: str) -> bool:
        return one.own[kind].is_set or one.plan[1] in self.offers

    def limit(self, one: Customer, kind: str) -> int | None:
        if one.own[kind].is_set:
            return one.own[kind].limit
        known = self.offers.get(one.plan[1])
        return known.limits[kind] if known else 0

    def free(self, one: Customer, kind: str) -> int | None:
        limit = self.limit(one, kind)
        return None if limit is None else max(0, limit - one.used(kind) - one.held(kind))

    def over(self, one: Customer, kind: str) -> int:
        limit = self.limit(one, kind)
        return 0 if limit is None else max(0, one.used(kind) - limit)

    def row(self, one: Customer, kind: str) -> tuple[int, int, int | None, int]:
        return one.used(kind), one.held(kind), self.limit(one, kind), self.over(one, kind)

    def state(self, account: str) -> State:
        one = self.customers[account]
        rows = tuple(self.row(one, kind) for kind in TYPES)
        return State(one.plan[1], one.status[1], one.month, rows)

    def person(self, account: str, member_id: str) -> Person | None:
        name = self.names.get((account, member_id), ("", ""))
        return self.customers[account].team.get(name[1])

    def hold(self, account: str, hold_id: str | None) -> Hold | None:
        name = self.names.get((account, hold_id or ""), ("", ""))
        return self.customers[account].holds.get(name)


def wire(moment: datetime) -> str:
    """A moment as it is written."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def next_first(month: str) -> str:
    """The first moment of the month after one."""
    year, number = (int(part) for part in month.split("-"))
    months = 12 * year + number  # Of the month after it, counted from 0.
    return wire(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC))
