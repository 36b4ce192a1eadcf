"""The books of credits as they stand at one moment, open to be read."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from services.credits import statements as sql
from services.credits import store
from services.credits.catalogue import Catalogue
from shared.contracts.operating import Service as Name
from shared.postgres import Transaction
from shared.settings import Settings

# Planning a page costs five times what reading it does, and no plan depends on what is asked. So
# plans are kept for a while; none may do what is fair only while tables are small: rows are sought
# by their keys, and read in the order of an index where a page is asked for in it. What is sorted
# in the end stands behind OFFSET 0, or all rows of a table would be read in that order.
PLANS_KEPT_SECONDS = 10
KEPT_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
}
SETTINGS = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in KEPT_PLANS.items())
PLANNED_AT = "igny8.planned_at"  # A session's own note.
OPEN = f"""
    SELECT moment.*, coalesce(
        clock_timestamp() - nullif(current_setting('{PLANNED_AT}', true), '')::timestamptz
        NOT BETWEEN interval '0 s' AND interval '{PLANS_KEPT_SECONDS} s', true), {SETTINGS}
    FROM ({sql.MOMENT}) AS moment
"""  # noqa: S608 - Constants of these files.
PLAN_ANEW = f"DISCARD PLANS; SELECT set_config('{PLANNED_AT}', clock_timestamp()::text, false)"


@dataclass(frozen=True, slots=True)
class Books:
    """A snapshot of the tables, its moment, and the catalogue of that moment."""

    tx: Transaction
    now: datetime
    catalogue: Catalogue
    hold_margin_percent: int
    name: Name = "credits"


Reading: TypeAlias = Callable[[Transaction], AbstractAsyncContextManager[None]]


def by_keys(_: Transaction) -> AbstractAsyncContextManager[None]:
    """What is about one account is read as all is."""
    return nullcontext()


@asynccontextmanager
async def whole_tables(tx: Transaction) -> AsyncIterator[None]:
    """What is about all accounts may look through whole tables."""
    await tx.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on")
    yield  # After an error the savepoint puts both back.
    await tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")


@dataclass(slots=True)
class Library:
    """Opens the books, and remembers the catalogue from one poll to the next."""

    settings: Settings
    _catalogue: Catalogue | None = field(default=None)

    async def open(self, tx: Transaction) -> Books:
        moment = await tx.fetchrow(OPEN)
        assert moment is not None, "the migration makes the one row of catalogue_version"
        if moment[2]:
            await tx.execute(PLAN_ANEW)
        if self._catalogue is None or self._catalogue.version != moment[1]:
            self._catalogue = await store.catalogue.read(tx, moment[1])
        now = moment[0] + timedelta(seconds=self.settings.clock_offset)
        return Books(tx, now, self._catalogue, self.settings.hold_margin_percent)
