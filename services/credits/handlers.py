"""Kafka in, one transaction, Kafka out; the only file that knows all the others."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from services.credits import domain, store
from services.credits import statements as sql
from services.credits.book import Book
from services.credits.catalogue import Catalogue
from services.credits.exports import Exports
from services.credits.partitions import make_partitions
from services.credits.queries import Books, make_desk
from shared import metrics, offsets, tracing
from shared.asking import Desk, answer_all
from shared.contracts.credits import CreditsQuery
from shared.contracts.credits.queries import AskUsageExport
from shared.contracts.message import Event, Message
from shared.contracts.moments import rising_ids
from shared.envelope import Outgoing, Postmark, announce, cause_of_itself
from shared.halving import by_halves
from shared.health.reports import report_health
from shared.kafka import Letter, readable
from shared.lanes import lane_of
from shared.offsets import Fate
from shared.outbox import Parcel
from shared.postgres import Transaction, transaction
from shared.service import Service
from shared.telling import Told, tell

NAME = "credits"
SWEEP_EVERY_SECONDS = 1.0
SWEEP_HOLDS = 500
PARTITIONS_EVERY_SECONDS = 3600.0
TIDY_EXPORTS_EVERY_SECONDS = 3600.0
SHOW_EVERY_SECONDS = 15.0
SALT_BYTES = 6


@dataclass
class Credits:
    """The service with what it remembers between batches: prices, plans and packages."""

    service: Service
    desk: Desk[Books] = field(init=False)
    exports: Exports = field(init=False)
    _catalogue: Catalogue | None = field(default=None)

    def __post_init__(self) -> None:
        self.desk = make_desk(NAME, self.service.settings)
        self.exports = Exports(self.service, self.desk)
        self.desk.at_length[AskUsageExport] = self.exports.take

    async def open_book(self, tx: Transaction, causes: Sequence[domain.Cause]) -> Book:
        """Lock the accounts, then read the time and the catalogue that the batch lives in."""
        settings = self.service.settings
        accounts = await store.accounts.lock(tx, causes)
        await store.catalogue.lock(tx, causes)
        moment = await tx.fetchrow(sql.MOMENT)
        assert moment is not None, "the migration makes the one row of catalogue_version"
        if self._catalogue is None or self._catalogue.version != moment[1]:
            self._catalogue = await store.catalogue.read(tx, moment[1])
        now: datetime = moment[0] + timedelta(seconds=settings.clock_offset)
        ids = rising_ids(now, secrets.token_bytes(SALT_BYTES))
        book = Book(now, ids, self._catalogue, accounts, settings.hold_margin_percent)
        await store.load(tx, book, causes)
        return book

    async def close_book(self, tx: Transaction, book: Book, told: Told) -> Parcel | None:
        """Write everything back, and keep what is to be sent, in the same transaction."""
        assert self._catalogue is not None, "the book was opened with it"
        alerts = await store.save(tx, book, self._catalogue)
        for alert in alerts:
            metrics.ALERTS.labels(alert.kind, alert.severity).inc()
        states: list[Event] = [*alerts, *domain.standings(book)]
        told.records += [announce(x, told.causes[x.account_id], told.postmark) for x in states]
        return await self.service.outbox.add(tx, told.records)

    def postmark(self, now: datetime) -> Postmark:
        return Postmark(NAME, now, self.service.settings.kafka_partitions)


def subscribe(service: Service) -> None:
    """Say what this service listens to, and what it does by itself."""
    credits = Credits(service)
    report_health(service)
    if service.obeys:
        service.on_commands(domain.OBEYED, partial(obey, credits))
        service.every(SWEEP_EVERY_SECONDS, partial(sweep, credits))
        service.every(SHOW_EVERY_SECONDS, partial(show, credits))
        service.every(PARTITIONS_EVERY_SECONDS, partial(make_partitions, service))
    if service.answers:
        service.on_queries([CreditsQuery], partial(answer, credits))
        service.every(0, credits.exports.work)
        service.every(TIDY_EXPORTS_EVERY_SECONDS, credits.exports.tidy)


async def obey(credits: Credits, letters: Sequence[Letter]) -> None:
    """Apply a poll, all or nothing; a record that PostgreSQL refuses is set aside alone."""
    with tracing.batch_span(NAME, letters):
        await by_halves(credits.service, letters, partial(apply, credits))


async def apply(credits: Credits, letters: Sequence[Letter]) -> Parcel | None:
    """Decide each letter in order; keep offsets, effects and what to send in one transaction."""
    async with transaction(credits.service.database.pool_for(None)) as tx:
        fresh = await offsets.advance(tx, NAME, letters)
        book = await credits.open_book(
            tx, [x.content for x in fresh if isinstance(x.content, Message)]
        )
        told = Told(credits.postmark(book.now), credits.service.settings.clock_offset)
        fates = [Fate(x.record.topic, x.record.partition, outcome(x, book, told)) for x in fresh]
        await offsets.count(tx, NAME, fates)
        return await credits.close_book(tx, book, told)


def outcome(letter: Letter, book: Book, told: Told) -> offsets.Became:
    """Decide one letter, and add everything that it makes us send, in order."""
    asked = domain.BY_A_SERVICE if letter.role is None else asked_by(letter)
    return tell(told, letter, book.now, lambda said: domain.decide(book, said, asked))


def asked_by(letter: Letter) -> domain.Asked:
    """Who said it, for whoever looks into the audit later."""
    said = readable(letter.headers.get("correlation_id"))
    correlation_id = said.decode() if said else getattr(letter.content, "subject", "")
    return domain.Asked(letter.role, letter.user_id, correlation_id)


async def sweep(credits: Credits) -> None:
    """Expire all holds whose time has passed; messages take turns with them."""
    while await sweep_some(credits) >= SWEEP_HOLDS:
        continue


async def sweep_some(credits: Credits) -> int:
    """Expire the oldest that are due: the same rules, store and outbox, another source."""
    service, settings = credits.service, credits.service.settings
    of = settings.kafka_partitions
    async with service.turn():
        parcel, whose = None, (service.partitions, of, SWEEP_HOLDS, settings.clock_offset)
        async with transaction(service.database.pool_for(None)) as tx:
            if due := await store.due(tx, *whose):
                book = await credits.open_book(tx, due)
                told = Told(credits.postmark(book.now))
                told.records += [record for hold in due for record in expiry(hold, book, told, of)]
                parcel = await credits.close_book(tx, book, told)
        await service.outbox.send(parcel)
    return len(due)


def expiry(due: domain.Due, book: Book, told: Told, partitions: int) -> list[Outgoing]:
    """What one hold or run that is due makes us send: nobody asked, so it follows from itself."""
    home = lane_of(due.account_id) % partitions
    because = cause_of_itself(due.account_id, due.subject, home)
    told.causes[due.account_id] = because
    said = domain.decide(book, due)
    return [announce(fact, because, told.postmark) for fact in said if isinstance(fact, Message)]


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
