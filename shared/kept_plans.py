"""How questions are read: by plans that are kept for a while, and for so long at the most.

Planning a page costs five times what reading it does, and no plan depends on what is asked. So
plans are kept; none may do what is fair only while tables are small: rows are sought by their keys,
and read in the order of an index where a page is asked for in it. What is sorted in the end stands
behind OFFSET 0, or all rows of a table would be read in that order.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from shared.postgres import Transaction

KEPT_SECONDS = 10  # Then a statement is prepared anew, and planned for tables as they are.
LONGEST_STATEMENT_MILLISECONDS = 4_000
# Of the sessions that questions are read by.
SESSION = {
    "statement_timeout": str(LONGEST_STATEMENT_MILLISECONDS),
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
}

Reading: TypeAlias = "Callable[[Transaction], AbstractAsyncContextManager[None]]"


def by_keys(_: "Transaction") -> AbstractAsyncContextManager[None]:
    """What is about one account is read as all is."""
    return nullcontext()


@asynccontextmanager
async def whole_tables(tx: "Transaction") -> AsyncIterator[None]:
    """What is about all accounts may look through whole tables."""
    await tx.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on")
    yield  # After an error the transaction, which is of this kind alone, puts both back.
    await tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")
