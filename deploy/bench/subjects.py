"""The services that are measured: what each is asked, and what its accounts have to begin with."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import MetaData

from deploy.bench.load import KEYWORDS, Life, Pipeline
from services.credits import tables as tables_of_credits
from services.limits import tables as tables_of_limits
from shared.contracts.credits import OperationCompleted, OperationRequested
from shared.contracts.limits import HoldConfirmed, HoldRequested
from shared.lanes import lane_of

BALANCE_CREDITS = 10**9
ROOM = 10**9  # Of keywords: more than anybody asks for.
PLAN, CREDITS_A_MONTH = "scale", 120_000


class Filling(NamedTuple):
    """What a table begins with."""

    table: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A service under measurement; its group and its schema are called as it is."""

    name: str
    asked: Sequence[str]  # The topics of what it is asked here, and of how that ends.
    metadata: MetaData
    holds: str  # The table with a row for each operation.
    drawn: Callable[[Pipeline, int, Sequence[str]], list[Life]]
    fillings: Callable[[Sequence[str], Sequence[str]], Iterator[Filling]]

    @property
    def emptied(self) -> str:
        """Every tenant's table has lanes; what is no tenant's stays, but for how far days are.

        This comes first, as it does for a worker who closes a day meanwhile.
        """
        tables = self.metadata.tables.items()
        closed = [name for name, table in tables if "closed_until" in table.c]
        laned = [name for name, table in tables if "lane" in table.c]
        return ", ".join(f"{self.name}.{table}" for table in (*closed, *laned, "outbox"))


def funded(accounts: Sequence[str], empty: Sequence[str]) -> Iterator[Filling]:
    """Rich accounts, and some without a credit."""
    balances = dict.fromkeys(accounts, BALANCE_CREDITS) | dict.fromkeys(empty, 0)
    counters = ("held", "seq", "version", "used")
    yield Filling(
        "accounts",
        ("lane", "account_id", "plan_bucket", "purchased_bucket", *counters, "month"),
        ((lane_of(a), a, b, 0, 0, 0, 0, 0, "") for a, b in balances.items()),
    )
    versions = ("status_version", "plan_code", "subscription_version")
    yield Filling(
        "standings",
        ("lane", "account_id", "status", "status_reason", *versions, "granted_per_month"),
        ((lane_of(a), a, "active", "", 0, PLAN, 0, CREDITS_A_MONTH) for a in balances),
    )


def roomy(accounts: Sequence[str], empty: Sequence[str]) -> Iterator[Filling]:
    """Accounts with room by their plan, one alone by a limit of its own, and some with none."""
    alone = accounts if len(accounts) == 1 else ()  # It asks for more than any plan has.
    allowed = dict.fromkeys(alone, ROOM) | dict.fromkeys(empty, 0)
    plan = ("plan_code", "plan_version", "subscription_version")
    status = ("status", "status_reason", "status_version")
    yield Filling(
        "accounts",
        ("lane", "account_id", "version", "month", *plan, *status, "is_opened"),
        ((lane_of(a), a, 0, "", PLAN, 0, 0, "active", "", 0, False) for a in (*accounts, *empty)),
    )
    yield Filling(
        "overrides",
        ("lane", "account_id", "limit_type", "allowed", "is_set", "reason", "version"),
        ((lane_of(a), a, KEYWORDS, much, True, "Measured", 1) for a, much in allowed.items()),
    )


CREDITS = Subject(
    "credits",
    (OperationRequested.topic, OperationCompleted.topic),
    tables_of_credits.metadata,
    "reservations",
    Pipeline.lives,
    funded,
)
LIMITS = Subject(
    "limits",
    (HoldRequested.topic, HoldConfirmed.topic),
    tables_of_limits.metadata,
    "holds",
    Pipeline.imports,
    roomy,
)
