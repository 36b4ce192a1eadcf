"""How a service's invariants are computed anew: from one snapshot of its rows, and its topics."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias, get_args

import asyncpg
import msgspec
from aiokafka import TopicPartition as Place
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.assignment import Offsets
from shared.contracts.types import Json
from shared.postgres import CONNECT_TIMEOUT_SECONDS, SESSION, Record, Transaction
from shared.retained import Retained

MOST_SHOWN = 20
NAME = "igny8 verify"
# Large tables take longer than a batch may, and while the topics are read the transaction waits.
SETTINGS = SESSION | {
    "application_name": NAME,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "work_mem": "64MB",  # Beyond it a sort or a hash goes to disk: memory stays bounded.
    "enable_mergejoin": "off",  # Few rows differ: a million of them would be sorted for nothing.
    # Checks share the work among sessions: whoever works meanwhile has no more than those beside.
    "max_parallel_workers_per_gather": "0",
}
SESSIONS = 2

Sessions: TypeAlias = Sequence[Transaction]
Keys: TypeAlias = Mapping[str | None, Ed25519PublicKey]
NO_KEYS: Keys = MappingProxyType({})


class Tolerance(NamedTuple):
    """How long what should soon be over may last before it is wrong."""

    overdue_seconds: float
    outbox_seconds: float
    idle_seconds: float


BUSY = Tolerance(overdue_seconds=60, outbox_seconds=10, idle_seconds=5)
# A sweep comes every second.
QUIET = Tolerance(overdue_seconds=2, outbox_seconds=0, idle_seconds=0)


class Violation(NamedTuple):
    """What is wrong, whose it is where it is somebody's, and the numbers that do not agree."""

    account_id: str | None
    what: str
    numbers: Mapping[str, Json]


@dataclass(slots=True)
class Finding:
    """How much was looked at, and what was wrong: everything is counted, the first are kept."""

    checked: int = 0
    broken: int = 0
    skipped: int = 0  # What the topics do not hold any more.
    violations: list[Violation] = field(default_factory=list)

    def add(self, *violations: Violation) -> None:
        self.broken += len(violations)
        self.violations += violations[: MOST_SHOWN - len(self.violations)]

    def include(self, other: "Finding") -> None:
        """Take over what another check of the same invariant has found."""
        self.checked += other.checked
        self.broken += other.broken
        self.skipped += other.skipped
        self.violations += other.violations[: MOST_SHOWN - len(self.violations)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a service's rows, and what its topics held just before and just after it.

    What was published before `sure` is in the rows; what the rows say was published before `end`,
    or lies in the outbox.
    """

    tx: Transaction
    retained: Retained
    begin: Offsets
    sure: Offsets
    end: Offsets
    tolerance: Tolerance
    clock_offset: float
    keys: Keys  # Of actors, as they are today.
    beside: Sessions = ()  # More transactions that see the same moment.

    def places(self, topics: Collection[str]) -> list[Place]:
        return [place for place in self.end if place.topic in topics]

    def reach(self, place: Place) -> tuple[int, int, int]:
        """From where to where a place is read: its start, the sure part's end, the end."""
        return self.begin.get(place, 0), self.sure.get(place, 0), self.end.get(place, 0)


Find: TypeAlias = Callable[[Snapshot], Awaitable[Finding]]
Findings: TypeAlias = Mapping[str, Finding]  # By the name of an invariant.


# Rows are summed up by the database; topics are read record by record, which takes longer.
Source: TypeAlias = Literal["rows", "topics"]
SOURCES: tuple[Source, ...] = get_args(Source)


class Check(NamedTuple):
    """One way to look at an invariant (`I1`, ...) or at several, of which each may have many."""

    invariants: Sequence[str]
    find: Callable[[Snapshot], Awaitable[Findings]]
    source: Source = "rows"


class Invariants(NamedTuple):
    """What must be true of a service: `INVARIANTS` in its module `verify`."""

    words: Mapping[str, str]  # What each invariant says, for people.
    checks: Sequence[Check]
    topics: Collection[str]  # Those that the checks read.
    worth_knowing: Callable[[Transaction], Awaitable[Sequence[str]]]


def of_one(invariant: str, find: Find, source: Source = "rows") -> Check:
    """Check one invariant alone."""

    async def find_all(snapshot: Snapshot) -> Findings:
        return {invariant: await find(snapshot)}

    return Check((invariant,), find_all, source)


def violations_in(rows: Sequence[Record]) -> list[Violation]:
    """Read rows of `account_id, what, numbers`, the numbers as the text of a JSON object."""
    return [Violation(row[0], row[1], msgspec.json.decode(row[2])) for row in rows]


def of_rows(
    invariant: str,
    broken: str,
    checked: str = "SELECT 0",
    parameters: Callable[[Snapshot], Sequence[object]] = lambda _: (),
) -> Check:
    """Check by a statement for `account_id, what, numbers` of the broken, and one that counts."""
    found = (
        "SELECT account_id::text, what, numbers::text, count(*) OVER ()"  # noqa: S608 - Constants.
        f" FROM ({broken}) AS found ORDER BY 1, 2, 3 LIMIT {MOST_SHOWN}"
    )

    async def find(snapshot: Snapshot) -> Finding:
        rows = await snapshot.tx.fetch(found, *parameters(snapshot))
        count = await snapshot.tx.fetchval(checked)
        return Finding(count, rows[0][3] if rows else 0, violations=violations_in(rows))

    return of_one(invariant, find)


class Rule(NamedTuple):
    """What no row of a table may be: a condition, which may have a rare excuse that is dear."""

    invariant: str
    what: str
    numbers: str  # Of a row that breaks it, as a JSON object.
    broken: str
    excuse: str = "false"


def by_row(table: str, counting: Mapping[str, str], *rules: Rule) -> Check:
    """Check each row of a table for itself, all rules in one pass; those that break one are sought.

    `counting` says for each invariant which rows it looks at.
    """
    conditions = *counting.values(), *(rule.broken for rule in rules)
    columns = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    counts = f"SELECT {columns} FROM {table}"  # noqa: S608 - Constants of the caller.

    async def find(snapshot: Snapshot) -> Findings:
        found = await snapshot.tx.fetchrow(counts)
        assert found is not None, "it counts"
        findings = {name: Finding(found[number]) for number, name in enumerate(counting)}
        for number, rule in enumerate(rules, start=len(counting)):
            if found[number]:
                details = await rule_broken(table, rule).find(snapshot)
                findings[rule.invariant].include(details[rule.invariant])
        return findings

    return Check((*counting,), find)


def rule_broken(table: str, rule: Rule) -> Check:
    """Look for the rows that break one rule."""
    broken = (
        f"SELECT account_id, '{rule.what}' AS what, {rule.numbers} AS numbers"  # noqa: S608 - Same.
        f" FROM {table} WHERE ({rule.broken}) AND NOT ({rule.excuse})"
    )
    return of_rows(rule.invariant, broken)


GUARDS = """
    SELECT NULL::uuid AS account_id, 'the database does not guard this any more' AS what,
           jsonb_build_object('constraint', name) AS numbers
    FROM unnest($1::text[]) AS name WHERE NOT EXISTS (
        SELECT FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
        WHERE conname = name AND nspname = current_schema() AND convalidated)
"""


def guarded_by(invariant: str, *constraints: str) -> Check:
    """Check that the database itself still refuses what breaks an invariant."""
    return of_rows(invariant, GUARDS, parameters=lambda _: (constraints,))


TRIGGERS = """
    SELECT NULL::uuid AS account_id, 'the database does not keep terminal states any more' AS what,
           jsonb_build_object('table', $1::text, 'trigger', $2::text) AS numbers
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger
        WHERE tgrelid = $1::text::regclass AND tgname = $2::text AND tgenabled IN ('O', 'A'))
"""


def kept_by(invariant: str, table: str, trigger: str) -> Check:
    """Check that the database itself still keeps what has ended as it ended."""
    return of_rows(invariant, TRIGGERS, parameters=lambda _: (table, trigger))


def overdue(snapshot: Snapshot) -> tuple[float, float]:
    """By how much a clock is moved, and how late an end may be: what a check of holds takes."""
    return snapshot.clock_offset, snapshot.tolerance.overdue_seconds


def counted(table: str, condition: str = "true") -> str:
    """How many rows a check looks at."""
    return f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608 - Constants of the caller.


@asynccontextmanager
async def beside(url: str, tx: Transaction, count: int = SESSIONS - 1) -> AsyncIterator[Sessions]:
    """Hold more transactions that see the very moment that another one sees."""
    moment = await tx.fetchval("SELECT pg_export_snapshot()")
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(one_moment(url)) for _ in range(count)]
        for other in others:
            await other.execute(f"SET TRANSACTION SNAPSHOT '{moment}'")
        yield others


@asynccontextmanager
async def one_moment(url: str) -> AsyncIterator[Transaction]:
    """Hold a transaction that sees one moment and changes nothing."""
    async with (
        asyncpg.create_pool(
            url, min_size=1, max_size=1, timeout=CONNECT_TIMEOUT_SECONDS, server_settings=SETTINGS
        ) as pool,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def taken(
    tx: Transaction,
    retained: Retained,
    topics: Collection[str],
    tolerance: Tolerance = BUSY,
    clock_offset: float = 0,
    keys: Keys = NO_KEYS,
) -> Snapshot:
    """Look how far the topics are, then at the rows, then at the topics again."""
    places = await retained.places(topics)
    begin, sure = await retained.begin(places), await retained.end(places)
    await tx.execute("SELECT pg_current_snapshot()")  # The first statement fixes the moment.
    end = await retained.end(places)
    return Snapshot(tx, retained, begin, sure, end, tolerance, clock_offset, keys)
