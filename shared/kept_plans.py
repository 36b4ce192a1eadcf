"""How questions are read: by plans that are kept for a while, and for so long at the most.

Planning a page costs five times what reading it does, and no plan depends on what is asked. So
plans are kept; none may do what is fair only while tables are small: rows are sought by their keys,
and read in the order of an index where a page is asked for in it. What is sorted in the end stands
behind OFFSET 0, or all rows of a table would be read in that order.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TypeAlias

from shared.postgres import Transaction

KEPT_SECONDS = 10
PLANNED_AT = "igny8.planned_at"  # A session's own note.
KEPT = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
}
SETTINGS = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in KEPT.items())
BEGIN = f"""
    SELECT coalesce(
        clock_timestamp() - nullif(current_setting('{PLANNED_AT}', true), '')::timestamptz
        NOT BETWEEN interval '0 s' AND interval '{KEPT_SECONDS} s', true),
        set_config('statement_timeout', $1, true), {SETTINGS}
"""
PLAN_ANEW = f"DISCARD PLANS; SELECT set_config('{PLANNED_AT}', clock_timestamp()::text, false)"

Reading: TypeAlias = Callable[[Transaction], AbstractAsyncContextManager[None]]


async def keep_plans(tx: Transaction, longest_statement_milliseconds: int) -> None:
    """For this transaction; plans that are too old are made anew."""
    if await tx.fetchval(BEGIN, str(longest_statement_milliseconds)):
        await tx.execute(PLAN_ANEW)


def by_keys(_: Transaction) -> AbstractAsyncContextManager[None]:
    """What is about one account is read as all is."""
    return nullcontext()


@asynccontextmanager
async def whole_tables(tx: Transaction) -> AsyncIterator[None]:
    """What is about all accounts may look through whole tables."""
    await tx.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on")
    yield  # After an error the transaction, or its savepoint, puts both back.
    await tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")
