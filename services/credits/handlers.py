"""Kafka in, one transaction, Kafka out; the only file that knows all the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from services.credits import domain, store
from services.credits import statements as sql
from services.credits.book import Book
from services.credits.catalogue import Catalogue
from services.credits.days import CLOSE_EVERY_SECONDS, close_days
from services.credits.exports import Exports
from services.credits.partitions import make_partitions
from services.credits.queries import Books, make_desk
from shared import metrics, obeying, tracing
from shared.asking import Desk, answer_all
from shared.catalogue import Current
from shared.contracts.credits import CreditsQuery
from shared.contracts.credits.queries import AskUsageExport
from shared.contracts.operating import AlertRaised
from shared.health.reports import report_health
from shared.kafka import Letter
from shared.months import MAKE_EVERY_SECONDS
from shared.obeying import SWEEP_EVERY_SECONDS, Rules, batch_ids
from shared.postgres import Transaction
from shared.service import Service

NAME = "credits"
TIDY_EXPORTS_EVERY_SECONDS = 3600.0
SHOW_EVERY_SECONDS = 15.0


@dataclass
class Credits:
    """The service with what it remembers between batches: prices, plans and packages."""

    service: Service
    desk: Desk[Books] = field(init=False)
    exports: Exports = field(init=False)
    rules: Rules[Book] = field(init=False)
    catalogue: Current[Catalogue] = field(init=False)

    def __post_init__(self) -> None:
        settings = self.service.settings
        self.desk = make_desk(NAME, settings)
        self.exports = Exports(self.service, self.desk)
        self.desk.at_length[AskUsageExport] = self.exports.take
        self.catalogue = Current(store.catalogue.read, settings.clock_offset)
        self.rules = Rules(
            NAME, self.open_book, domain.decide, self.save, domain.standings, store.due
        )

    async def open_book(self, tx: Transaction, causes: Sequence[domain.Cause]) -> Book:
        """Lock the accounts, then read the time and the catalogue that the batch lives in."""
        accounts = await store.accounts.lock(tx, causes)
        await store.catalogue.lock(tx, causes)
        now, catalogue = await self.catalogue.open(tx)
        margin_percent = self.service.settings.hold_margin_percent
        book = Book(now, batch_ids(now), catalogue, accounts, margin_percent)
        await store.load(tx, book, causes)
        return book

    async def save(self, tx: Transaction, book: Book) -> Sequence[AlertRaised]:
        return await store.save(tx, book, self.catalogue.known)


def subscribe(service: Service) -> None:
    """Say what this service listens to, and what it does by itself."""
    credits = Credits(service)
    report_health(service)
    if service.obeys:
        service.on_commands(domain.OBEYED, partial(obey, credits))
        service.every(SWEEP_EVERY_SECONDS, partial(sweep, credits))
        service.every(SHOW_EVERY_SECONDS, partial(show, credits))
        service.every(MAKE_EVERY_SECONDS, partial(make_partitions, service))
        service.every(CLOSE_EVERY_SECONDS, partial(close_days, service))
    if service.answers:
        service.on_queries([CreditsQuery], partial(answer, credits))
        service.every(0, credits.exports.work)
        service.every(TIDY_EXPORTS_EVERY_SECONDS, credits.exports.tidy)


async def obey(credits: Credits, letters: Sequence[Letter]) -> None:
    """Apply a poll, all or nothing."""
    await obeying.obey(credits.service, credits.rules, letters)


async def sweep(credits: Credits) -> None:
    """Expire all holds whose time has passed."""
    await obeying.sweep(credits.service, credits.rules)


async def answer(credits: Credits, letters: Sequence[Letter]) -> None:
    """Answer questions, outside of money's transactions."""
    with tracing.batch_span(credits.desk.group, letters):
        await answer_all(credits.service, credits.desk, letters)


async def show(credits: Credits) -> None:
    """Let the metrics tell how many holds are open, and how late the sweep is."""
    for pool in credits.service.database.pools():
        row = await pool.fetchrow(sql.OPEN_HOLDS)
        if row is not None:
            metrics.RESERVATIONS_OPEN.set(row[0])
            metrics.RESERVATION_OVERDUE.set(row[1])
