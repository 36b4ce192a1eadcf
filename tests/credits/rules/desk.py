"""The rules with a memory: keeps the book from batch to batch, as the store does in rows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from msgspec.structs import replace

from services.credits.book import Account, Book, Bought, Granted
from services.credits.catalogue import Catalogue, Prices
from services.credits.domain import (
    BY_A_SERVICE,
    Asked,
    Due,
    HoldDue,
    RunDue,
    Unpriced,
    decide,
    standings,
)
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES, PACKAGES, PLANS
from shared.contracts.credits import (
    Authorised,
    BalanceChanged,
    CostConfig,
    CreditsCommitted,
    ModelPrice,
    OperationReplied,
    UsageRecorded,
)
from shared.contracts.message import Message
from shared.contracts.types import Bucket
from shared.lanes import lane_of
from tests.hearing import only
from tests.making import ANN, paid, uuid

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)  # The clock of the scenarios.
FIRST_ID = 1 << 40
ALL_PLANS = {plan.plan_code: replace(plan, version=0) for plan in PLANS}
ALL_PACKAGES = {package.package_code: replace(package, version=0) for package in PACKAGES}
SEED_PRICES = Prices([(1, row) for row in COST_CONFIGS], [(1, row) for row in MODEL_PRICES])
SEEDS = Catalogue(1, SEED_PRICES, ALL_PLANS, ALL_PACKAGES)


def repriced(*rows: CostConfig | ModelPrice) -> Prices:
    """The seed prices, with some rows that count from version 2 on."""
    configs = [(2, row) for row in rows if isinstance(row, CostConfig)]
    models = [(2, row) for row in rows if isinstance(row, ModelPrice)]
    return Prices([*SEED_PRICES.configs, *configs], [*SEED_PRICES.models, *models])


class Desk:
    """One service without a database: tell it things, and hear what it says."""

    def __init__(self, now: datetime = NOON, catalogue: Catalogue = SEEDS) -> None:
        ids = (uuid(number) for number in count(FIRST_ID))
        self.book = Book(now=now, ids=ids, catalogue=catalogue, accounts={})

    def tell(
        self, *messages: Message | Due, asked: Asked = BY_A_SERVICE
    ) -> list[Message | Unpriced]:
        """What each of them makes credits say, in order, its alerts last."""
        said = list[Message | Unpriced]()
        for message in messages:
            alerts = len(self.book.alerts)
            if message.account_id is not None:
                self.account(message.account_id)
            said += decide(self.book, message, asked)
            said += self.book.alerts[alerts:]
        return said

    def account(self, account_id: str = ANN) -> Account:
        """An account; of one that nobody spoke of there is a row with nothing in it."""
        known = self.book.accounts.get(account_id)
        return known or self.book.accounts.setdefault(
            account_id, Account(lane_of(account_id), account_id)
        )

    def due(self) -> list[Due]:
        """The holds and runs whose time has passed."""
        holds = [
            HoldDue(work.account_id, work.subject_id)
            for work in self.book.operations.values()
            if work.state == "held" and work.expires_at <= self.book.now
        ]
        runs = [
            RunDue(*key)
            for key, run in self.book.runs.items()
            if run.is_open and run.expires_at <= self.book.now
        ]
        return [*holds, *runs]

    def end_batch(self, later: timedelta = timedelta()) -> Sequence[BalanceChanged]:
        """End the batch, and begin another one so much later."""
        states, old = standings(self.book), self.book
        for account in old.accounts.values():
            account.first_version = account.version
        self.book = Book(
            now=old.now + later,
            ids=old.ids,
            catalogue=old.catalogue,
            accounts=old.accounts,
            operations=old.operations,
            runs=old.runs,
            extensions=old.extensions,
            clawbacks=old.clawbacks,
            adjustments=old.adjustments,
            bought=old.bought | bought_with(old.new_grants),
            granted=old.granted,
            entries=old.entries,
        )
        return states

    def reprice(self, prices: Prices) -> None:
        """Another price list counts from the next batch on."""
        plans, packages = self.book.catalogue.plans, self.book.catalogue.packages
        self.end_batch()
        self.book.catalogue = Catalogue(2, prices, plans, packages)


def bought_with(grants: Iterable[Granted]) -> dict[tuple[str, str, Bucket], Bought]:
    """What invoices were for, as the store finds it among the grants."""
    return {(g.account_id, g.invoice_id, g.bucket): Bought(g.kind, g.code) for g in grants}


def desk_with(plan: int = 0, purchased: int = 0) -> Desk:
    """Ann's account with so many credits in its buckets."""
    desk = Desk()
    desk.account()
    if plan:
        desk.tell(paid(plan, invoice=901))
    if purchased:
        desk.tell(paid(purchased, invoice=902, kind="credit_package", code="pro"))
    desk.end_batch()
    return desk


def authorised(said: Iterable[object]) -> Authorised:
    """What the one reply grants."""
    data = only(OperationReplied, said).data
    assert data is not None
    return data


def charge(said: Iterable[object]) -> CreditsCommitted:
    return only(CreditsCommitted, said)


def logged(said: Iterable[object]) -> UsageRecorded:
    return only(UsageRecorded, said)
