"""How every service obeys: a poll is one transaction, in which a book is opened, decided, closed.

A sweep is the same with another source: what is due by itself.
"""

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from shared import metrics, offsets, tracing
from shared.asked import BY_A_SERVICE, Asked
from shared.contracts.message import Event, Message, Request
from shared.contracts.moments import rising_ids
from shared.contracts.operating import AlertRaised
from shared.envelope import Outgoing, Postmark, announce, cause_of_itself
from shared.halving import by_halves
from shared.kafka import Letter, readable
from shared.lanes import lane_of
from shared.offsets import Fate
from shared.outbox import Parcel
from shared.postgres import Transaction, transaction
from shared.service import Service
from shared.telling import Said, Told, tell

SWEEP_EVERY_SECONDS = 1.0
SWEEP_AT_ONCE = 500  # Of each kind of what is due.
SALT_BYTES = 6


class Due(Protocol):
    """Something of an account whose time has come."""

    @property
    def account_id(self) -> str: ...

    @property
    def subject(self) -> str: ...


class Opened(Protocol):
    """The book of a service: what a batch may touch, locked, as of one moment.

    `changes` rises with whatever is changed without a word.
    """

    changes: int

    @property
    def now(self) -> datetime: ...


Book = TypeVar("Book", bound=Opened)
Cause: TypeAlias = Any  # A message or what is due: each service says which it knows.
FindDue: TypeAlias = Callable[
    [Transaction, Collection[int], int, int, float], Awaitable[Sequence[Due]]
]


@dataclass(frozen=True, slots=True)
class Rules(Generic[Book]):
    """What a service does with a batch; `open` locks, `save` writes back and gives new alerts."""

    name: str
    open: Callable[[Transaction, Sequence[Cause]], Awaitable[Book]]
    decide: Callable[[Book, Cause, Asked], Said]
    save: Callable[[Transaction, Book], Awaitable[Sequence[AlertRaised]]]
    standings: Callable[[Book], Sequence[Event]]  # The states that the batch has changed.
    due: FindDue


def batch_ids(now: datetime) -> Iterator[str]:
    """The ids of what one batch makes."""
    return rising_ids(now, secrets.token_bytes(SALT_BYTES))


async def obey(service: Service, rules: Rules[Book], letters: Sequence[Letter]) -> None:
    """Apply a poll, all or nothing; a record that PostgreSQL refuses is set aside alone."""
    with tracing.batch_span(rules.name, letters):
        await by_halves(service, letters, partial(apply, service, rules))


async def apply(service: Service, rules: Rules[Book], letters: Sequence[Letter]) -> Parcel | None:
    """Decide each letter in order; keep offsets, effects and what to send in one transaction."""
    async with transaction(service.database.pool_for(None)) as tx:
        fresh = await offsets.advance(tx, rules.name, letters)
        book = await rules.open(tx, [x.content for x in fresh if isinstance(x.content, Message)])
        told = Told(postmark(service, rules, book), service.settings.clock_offset)
        fates = [
            Fate(x.record.topic, x.record.partition, outcome(rules, x, book, told)) for x in fresh
        ]
        await offsets.count(tx, rules.name, fates)
        return await close(service, rules, tx, book, told)


def outcome(rules: Rules[Book], letter: Letter, book: Book, told: Told) -> offsets.Became:
    """Decide one letter, and add everything that it makes us send, in order.

    What says nothing at once was applied all the same when it has changed something.
    """
    asked, before = BY_A_SERVICE if letter.role is None else asked_by(letter), book.changes
    became = tell(told, letter, book.now, lambda said: rules.decide(book, said, asked))
    is_silent = became == "duplicate" and not isinstance(letter.content, Request)
    return "applied" if is_silent and book.changes != before else became


def asked_by(letter: Letter) -> Asked:
    """Who said it, for whoever looks into the audit later."""
    said = readable(letter.headers.get("correlation_id"))
    correlation_id = said.decode() if said else getattr(letter.content, "subject", "")
    return Asked(letter.role, letter.user_id, correlation_id)


async def close(
    service: Service, rules: Rules[Book], tx: Transaction, book: Book, told: Told
) -> Parcel | None:
    """Write everything back, and keep what is to be sent, in the same transaction."""
    alerts = await rules.save(tx, book)
    for alert in alerts:
        metrics.ALERTS.labels(alert.kind, alert.severity).inc()
    states: list[Event] = [*alerts, *rules.standings(book)]
    told.records += [announce(x, told.causes[x.account_id], told.postmark) for x in states]
    return await service.outbox.add(tx, told.records)


async def sweep(service: Service, rules: Rules[Book]) -> None:
    """Do all that is due; messages take turns with it."""
    while await sweep_some(service, rules) >= SWEEP_AT_ONCE:
        continue


async def sweep_some(service: Service, rules: Rules[Book]) -> int:
    """Do the oldest that is due: the same rules, store and outbox, another source."""
    settings = service.settings
    of = settings.kafka_partitions
    async with service.turn():
        parcel, whose = None, (service.partitions, of, SWEEP_AT_ONCE, settings.clock_offset)
        async with transaction(service.database.pool_for(None)) as tx:
            if due := await rules.due(tx, *whose):
                book = await rules.open(tx, due)
                told = Told(postmark(service, rules, book))
                told.records += [x for one in due for x in done(rules, one, book, told, of)]
                parcel = await close(service, rules, tx, book, told)
        await service.outbox.send(parcel)
    return len(due)


def done(rules: Rules[Book], due: Due, book: Book, told: Told, partitions: int) -> list[Outgoing]:
    """What one thing that is due makes us send: nobody asked, so it follows from itself."""
    home = lane_of(due.account_id) % partitions
    because = cause_of_itself(due.account_id, due.subject, home)
    told.causes[due.account_id] = because
    said = rules.decide(book, due, BY_A_SERVICE)
    return [announce(fact, because, told.postmark) for fact in said if isinstance(fact, Message)]


def postmark(service: Service, rules: Rules[Book], book: Book) -> Postmark:
    return Postmark(rules.name, book.now, service.settings.kafka_partitions)
