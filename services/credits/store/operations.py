"""Operations with their holds: sought by key, new ones copied, of the others what has changed."""

from collections.abc import Collection, Sequence
from typing import TypeAlias, get_args

from services.credits import rows
from services.credits import statements as sql
from services.credits.book import Book, Change, Reservation
from services.credits.domain import Cause, HoldDue, stages
from shared.contracts.credits import (
    ExtensionRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
    RunCancelled,
    StageCompleted,
    StageFailed,
)
from shared.keys import among, find, save_rows
from shared.postgres import Transaction

About: TypeAlias = (
    OperationRequested
    | OperationCompleted
    | OperationFailed
    | OperationCancelled
    | ExtensionRequested
    | HoldDue
)
Naming: TypeAlias = StageCompleted | StageFailed | RunCancelled
ABOUT_OPERATIONS: frozenset[type[About]] = frozenset(get_args(About))
NAMING_OPERATIONS: frozenset[type[Naming]] = frozenset(get_args(Naming))


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read the operations that the batch is about."""
    keys = {
        (book.accounts[m.account_id].lane, m.operation_id)
        for m in among(causes, ABOUT_OPERATIONS)
        if m.operation_id is not None
    }
    keys.update(
        (book.accounts[m.account_id].lane, operation_id)
        for m in among(causes, NAMING_OPERATIONS)
        for operation_id, _ in stages.named_in(m)
    )
    for row in await find(tx, sql.FIND_RESERVATIONS, keys):
        reservation = Reservation(*row)
        book.operations[reservation.account_id, reservation.subject_id] = reservation


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[HoldDue]:
    """The holds of some of so many partitions whose time has passed, the oldest first."""
    rows = await tx.fetch(sql.FIND_DUE, list(partitions), of, limit, offset_seconds)
    return [HoldDue(*row) for row in rows]


async def save(tx: Transaction, book: Book) -> None:
    """New rows are copied; of the others only what has changed is written."""
    every = list(book.operations.values())
    await rows.RESERVATIONS.add(tx, [row for row in every if row.change is Change.NEW])
    closed = [row for row in every if row.change is Change.CLOSED]
    await save_rows(tx, sql.CLOSE_RESERVATIONS, sql.CLOSED_RESERVATION, closed, book.now)
    extended = [row for row in every if row.change is Change.EXTENDED]
    await save_rows(tx, sql.EXTEND_RESERVATIONS, sql.EXTENDED_RESERVATION, extended)
    rewritten = [row for row in every if row.change is Change.REWRITTEN]
    await save_rows(tx, sql.REWRITE_RESERVATIONS, sql.RESERVATION, rewritten)
