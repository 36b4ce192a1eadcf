"""Kafka in, one transaction, Kafka out; the only file that knows all the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from services.limits import domain, store
from services.limits.book import Book
from services.limits.queries import Books, make_desk
from shared import metrics, obeying, tracing
from shared.asking import Desk, answer_all
from shared.catalogue import Current, read_plans
from shared.contracts.credits import BalanceChanged
from shared.contracts.invoicing import Plan
from shared.contracts.limits import LimitsQuery
from shared.contracts.operating import AlertRaised
from shared.health.reports import report_health
from shared.kafka import Letter
from shared.months import MAKE_EVERY_SECONDS, make_months
from shared.obeying import SWEEP_EVERY_SECONDS, Rules, batch_ids
from shared.postgres import Transaction, transaction
from shared.service import Service

NAME = "limits"
MONTHLY = ("audit",)
SHOW_EVERY_SECONDS = 15.0


@dataclass
class Limits:
    """The service with what it remembers between batches: the plans."""

    service: Service
    desk: Desk[Books] = field(init=False)
    rules: Rules[Book] = field(init=False)
    plans: Current[Mapping[str, Plan]] = field(init=False)

    def __post_init__(self) -> None:
        clock_offset = self.service.settings.clock_offset
        self.desk = make_desk(NAME, clock_offset)
        self.plans = Current(read_plans, clock_offset)
        self.rules = Rules(
            NAME, self.open_book, domain.decide, self.save, domain.standings, store.due
        )

    async def open_book(self, tx: Transaction, causes: Sequence[domain.Cause]) -> Book:
        """Lock the accounts, then read the time and the plans that the batch lives in."""
        accounts = await store.accounts.lock(tx, causes)
        now, plans = await self.plans.open(tx)
        book = Book(now, batch_ids(now), plans, accounts)
        await store.load(tx, book, causes)
        return book

    async def save(self, tx: Transaction, book: Book) -> Sequence[AlertRaised]:
        return await store.save(tx, book, self.plans.known)


def subscribe(service: Service) -> None:
    """Say what this service listens to, and what it does by itself."""
    limits = Limits(service)
    report_health(service)
    if service.obeys:
        service.on_commands(domain.OBEYED, partial(obey, limits))
        service.every(SWEEP_EVERY_SECONDS, partial(sweep, limits))
        service.every(SHOW_EVERY_SECONDS, partial(show, limits))
        service.every(MAKE_EVERY_SECONDS, partial(make_months, service, MONTHLY))
    if service.answers:
        service.on_queries([LimitsQuery, BalanceChanged], partial(answer, limits))


async def obey(limits: Limits, letters: Sequence[Letter]) -> None:
    """Apply a poll, all or nothing."""
    await obeying.obey(limits.service, limits.rules, letters)


async def sweep(limits: Limits) -> None:
    """Expire holds and invitations, open months, follow plans that were changed."""
    await obeying.sweep(limits.service, limits.rules)


async def answer(limits: Limits, letters: Sequence[Letter]) -> None:
    """Note what credits says, then answer questions: both outside of what changes limits."""
    with tracing.batch_span(limits.desk.group, letters):
        said = [x.content for x in letters if isinstance(x.content, BalanceChanged)]
        if said:
            async with transaction(limits.service.database.pool_for(None)) as tx:
                await store.credits.note(tx, said)
        asked = [x for x in letters if not isinstance(x.content, BalanceChanged)]
        if asked:
            await answer_all(limits.service, limits.desk, asked)


async def show(limits: Limits) -> None:
    """Let the metrics tell how many holds are open, and how late the sweep is."""
    for pool in limits.service.database.pools():
        row = await pool.fetchrow(store.holds.OPEN)
        if row is not None:
            metrics.RESERVATIONS_OPEN.set(row[0])
            metrics.RESERVATION_OVERDUE.set(row[1])
