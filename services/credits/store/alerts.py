"""Alerts: one a mark, whoever raises it first; and those that somebody has read."""

from collections.abc import Sequence

from services.credits.book import Book
from services.credits.domain import SOURCE, Cause
from shared.alerting import store
from shared.contracts.operating import AlertRaised, AlertReadRequested
from shared.keys import among
from shared.postgres import Transaction


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read the alerts that the batch is about."""
    named = [x for x in among(causes, {AlertReadRequested}) if x.source == SOURCE]
    await store.load(tx, book.shelf, named)


async def save(tx: Transaction, book: Book) -> list[AlertRaised]:
    """Mark what was read; keep what was raised, and give what nobody has raised before."""
    await store.save(tx, book.shelf, book.now)
    return await store.add(tx, book.alerts, book.now)
