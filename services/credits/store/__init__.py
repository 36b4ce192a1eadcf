"""All SQL that writes credits: one statement a table and batch, never one a message.

A file a subject; each reads what a batch is about, and writes what the batch did to it.
"""

from collections.abc import Collection, Sequence

from services.credits import rows
from services.credits.book import Book
from services.credits.catalogue import Catalogue
from services.credits.domain import Cause, Due
from services.credits.store import (
    accounts,
    adjustments,
    alerts,
    catalogue,
    clawbacks,
    extensions,
    grants,
    operations,
    rollups,
    runs,
)
from shared import auditing
from shared.contracts.operating import AlertRaised
from shared.postgres import Transaction

__all__ = [
    "accounts",
    "adjustments",
    "alerts",
    "catalogue",
    "clawbacks",
    "due",
    "extensions",
    "grants",
    "load",
    "operations",
    "runs",
    "save",
]


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read what the batch is about; its accounts are locked already."""
    await operations.load(tx, book, causes)
    await runs.load(tx, book, causes)
    await extensions.load(tx, book, causes)
    await grants.load(tx, book, causes)
    await clawbacks.load(tx, book, causes)
    await adjustments.load(tx, book, causes)
    await alerts.load(tx, book, causes)


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[Due]:
    """The holds of operations and runs whose time has passed, so many of each at most."""
    whose = (partitions, of, limit, offset_seconds)
    return [*await operations.due(tx, *whose), *await runs.due(tx, *whose)]


async def save(tx: Transaction, book: Book, known: Catalogue) -> list[AlertRaised]:
    """Write the book back: a fixed number of statements, whatever the batch was.

    Gives the alerts that nobody has raised before.
    """
    await accounts.save(tx, book)
    await operations.save(tx, book)
    await runs.save(tx, book)
    await extensions.save(tx, book)
    await clawbacks.save(tx, book)
    await adjustments.save(tx, book)
    await rows.GRANTS.add(tx, book.new_grants)
    await rows.LEDGER.add(tx, book.entries)
    await rows.USAGE.add(tx, book.usage)
    await rollups.save(tx, book)
    await auditing.add(tx, book.audits)
    if book.catalogue is not known:
        await catalogue.save(tx, book.catalogue, known)
    return await alerts.save(tx, book)
