"""What is of nobody and seldom changes: read once a version, shared by all batches.

Every service knows the plans of invoicing: as they were announced, else the seed rows. Its one row
of `catalogue_version` rises with whatever else it keeps of this kind, so that a batch sees one.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts.invoicing import Plan
from shared.mirror import SEED_PLANS
from shared.postgres import Transaction

Known = TypeVar("Known")

# The time of a batch, and whether its catalogue has changed since the last one.
MOMENT = """
    SELECT date_trunc('milliseconds', clock_timestamp()), version FROM catalogue_version
"""
LOCK = "SELECT FROM catalogue_version FOR NO KEY UPDATE"
RAISE = "UPDATE catalogue_version SET version = version + 1"
READ_PLANS = "SELECT content::text FROM plans"
SAVE_PLANS = """
    INSERT INTO plans (plan_code, version, content)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[]::jsonb[])
         AS new (code, version, content)
    ORDER BY code
    ON CONFLICT (plan_code) DO UPDATE SET version = excluded.version, content = excluded.content
    WHERE plans.version < excluded.version
"""

read_plan = msgspec.json.Decoder(Plan).decode


def describe_catalogue_tables(metadata: MetaData) -> None:
    """Add them to a service's own metadata; without a lane, for they are of nobody."""
    Table(
        "plans",
        metadata,
        Column("plan_code", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("content", JSONB, nullable=False),
    )
    Table(
        "catalogue_version",
        metadata,
        Column("single", Boolean, CheckConstraint("single"), primary_key=True),
        Column("version", BigInteger, nullable=False),
    )


class Opened(NamedTuple, Generic[Known]):
    """The moment that a batch lives in, and the catalogue of that moment."""

    now: datetime
    known: Known


class Current(Generic[Known]):
    """A catalogue that is remembered from one batch to the next, until its version has risen."""

    def __init__(
        self, read: Callable[[Transaction, int], Awaitable[Known]], clock_offset: float
    ) -> None:
        self._read, self._clock_offset = read, clock_offset
        self._remembered: tuple[int, Known] | None = None

    async def open(self, tx: Transaction) -> Opened[Known]:
        """Read the time, after the locks, and whatever has changed."""
        moment = await tx.fetchrow(MOMENT)
        assert moment is not None, "the migration makes the one row of catalogue_version"
        if self._remembered is None or self._remembered[0] != moment[1]:
            self._remembered = moment[1], await self._read(tx, moment[1])
        now = moment[0] + timedelta(seconds=self._clock_offset)
        return Opened(now, self._remembered[1])

    @property
    def known(self) -> Known:
        """As it was when it was opened last."""
        assert self._remembered is not None, "a book is opened before it is closed"
        return self._remembered[1]


def plans_of(rows: list[str]) -> Mapping[str, Plan]:
    """As announced, else the seed rows."""
    return {**SEED_PLANS, **{plan.plan_code: plan for plan in map(read_plan, rows)}}


async def read_plans(tx: Transaction, _: int) -> Mapping[str, Plan]:
    return plans_of([row[0] for row in await tx.fetch(READ_PLANS)])


async def save_plans(tx: Transaction, now: Mapping[str, Plan], before: Mapping[str, Plan]) -> None:
    """Keep those that are new; whoever calls it raises the version, too."""
    plans = [plan for code, plan in now.items() if before.get(code) is not plan]
    if plans:
        codes = [plan.plan_code for plan in plans], [plan.version for plan in plans]
        await tx.execute(SAVE_PLANS, *codes, [to_json(plan) for plan in plans])


def to_json(row: msgspec.Struct) -> str:
    return msgspec.json.encode(row).decode()
