"""All SQL that writes limits: one statement a table and batch, never one a message.

A file a subject; each reads what a batch is about, and writes what the batch did to it.
"""

from collections.abc import Collection, Mapping, Sequence

from services.limits.book import Book
from services.limits.domain import SOURCE, Cause, Due
from services.limits.store import accounts, commands, credits, holds, members, resources
from shared import auditing, catalogue
from shared.alerting import store as alerts
from shared.contracts.invoicing import Plan
from shared.contracts.operating import AlertRaised, AlertReadRequested
from shared.keys import among
from shared.postgres import Transaction

__all__ = [
    "accounts",
    "commands",
    "credits",
    "due",
    "holds",
    "load",
    "members",
    "resources",
    "save",
]


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read what the batch is about; its accounts are locked already."""
    await holds.load(tx, book, causes)
    await accounts.load(tx, book)
    await accounts.load_marks(tx, book, causes)
    await members.load(tx, book, causes)
    await resources.load(tx, book, causes)
    await commands.load(tx, book, causes)
    read = [x for x in among(causes, {AlertReadRequested}) if x.source == SOURCE]
    await alerts.load(tx, book.shelf, read)


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[Due]:
    """Holds, invitations and months whose time has passed, and plans that were changed."""
    whose = (partitions, of, limit)
    return [
        *await holds.due(tx, *whose, offset_seconds),
        *await members.due(tx, *whose, offset_seconds),
        *await accounts.windows_due(tx, *whose, offset_seconds),
        *await accounts.plans_due(tx, *whose),
    ]


async def save(tx: Transaction, book: Book, known: Mapping[str, Plan]) -> list[AlertRaised]:
    """Write the book back: a fixed number of statements, whatever the batch was.

    Gives the alerts that nobody has raised before.
    """
    await accounts.save(tx, book)
    await holds.save(tx, book)
    await members.save(tx, book)
    await resources.save(tx, book)
    await commands.save(tx, book)
    await auditing.add(tx, book.audits)
    if book.plans is not known:
        await catalogue.save_plans(tx, book.plans, known)
        await tx.execute(catalogue.RAISE)
    await alerts.save(tx, book.shelf, book.now)
    return await alerts.add(tx, book.alerts, book.now)
