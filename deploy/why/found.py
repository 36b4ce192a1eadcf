"""What the books say of one operation: its row, its usage, its ledger entries, and its run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.credits import store
from services.credits.book import Reservation
from services.credits.catalogue import Prices
from services.credits.queries.books import Books
from services.credits.queries.ledger import transaction_of
from services.credits.queries.operations import find_entries, find_operations, find_usage
from services.credits.queries.usage import usage_row_of
from shared.asking import Question
from shared.catalogue import Current
from shared.contracts.credits import Transaction, UsageRow
from shared.contracts.credits.queries import AskOperation
from shared.lanes import LANES
from shared.postgres import Transaction as Tx

# An id is unique in its account alone, and the account is what we do not know.
ACCOUNTS = """
    SELECT account_id::text
    FROM generate_series(0, $2 - 1) AS lanes (its_lane)
    CROSS JOIN LATERAL (
        SELECT account_id FROM reservations
        WHERE lane = its_lane AND subject_id = $1 AND kind = 'operation' OFFSET 0
    ) AS found
    ORDER BY account_id
"""
RUN = """
    SELECT run_id::text, state, estimated, held, remaining, charged, price_version FROM runs
    WHERE lane = $1 AND run_id = $2 AND account_id = $3
"""


class Run(NamedTuple):
    """The run that an operation is part of, as it stands now."""

    run_id: str
    state: str
    estimated: int
    held: int
    remaining: int
    charged: int
    price_version: int


@dataclass(frozen=True, slots=True)
class Found:
    """An operation with all that is written of it, and the prices that counted for it."""

    operation: Reservation
    usage: Sequence[UsageRow]
    entries: Sequence[Transaction]
    run: Run | None
    prices: Prices


async def find(tx: Tx, operation_id: str, margin_percent: int) -> list[Found]:
    """One an account; in production ids are random, and there is one at most."""
    books = await opened(tx, margin_percent)
    whose = [row[0] for row in await tx.fetch(ACCOUNTS, operation_id, LANES)]
    operations = await find_operations(books, [(account, operation_id) for account in whose])
    usage = await find_usage(books, operations.values())
    entries = await find_entries(books, operations.values())
    asked = Question(None, AskOperation(operation_id=operation_id))
    return [
        Found(
            operation,
            [usage_row_of(row, asked) for row in usage.get(key, ())],
            [transaction_of(row) for row in entries.get(key, ())],
            await run_of(tx, operation),
            books.catalogue.prices,
        )
        for key, operation in sorted(operations.items())
    ]


async def opened(tx: Tx, margin_percent: int) -> Books:
    now, catalogue = await Current(store.catalogue.read, 0).open(tx)
    return Books(tx, now, catalogue, margin_percent)


async def run_of(tx: Tx, operation: Reservation) -> Run | None:
    if operation.run_id is None:
        return None
    row = await tx.fetchrow(RUN, operation.lane, operation.run_id, operation.account_id)
    return None if row is None else Run(*row)
