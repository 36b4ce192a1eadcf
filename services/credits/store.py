"""All SQL that writes credits: one statement a table and batch, never one a message."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from services.credits import rows
from services.credits import statements as sql
from services.credits.book import Account, Book, Change, Reservation, Standing
from services.credits.catalogue import Catalogue, Prices
from services.credits.domain import HoldDue
from shared.contracts.credits import (
    ExtensionRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
)
from shared.contracts.invoicing import InvoicePaid
from shared.contracts.message import Message
from shared.contracts.operating import AlertRaised
from shared.lanes import lane_of
from shared.postgres import Record, Transaction, columns

# A lane and the ids beside it.
Key: TypeAlias = tuple[Any, ...]
Cause: TypeAlias = Message | HoldDue

ABOUT_OPERATIONS = (
    OperationRequested,
    OperationCompleted,
    OperationFailed,
    OperationCancelled,
    ExtensionRequested,
    HoldDue,
)


async def lock(tx: Transaction, causes: Sequence[Cause]) -> dict[str, Account]:
    """Lock every account of the batch in key order; open those that are new to us."""
    named = {cause.account_id for cause in causes if cause.account_id is not None}
    keys = [(lane_of(account_id), account_id) for account_id in named]
    accounts = await locked(tx, keys)
    if unheard := {key for key in keys if key[1] not in accounts}:
        await find(tx, sql.OPEN_ACCOUNTS, unheard)
        accounts |= await locked(tx, unheard)
    return accounts


async def locked(tx: Transaction, keys: Collection[Key]) -> dict[str, Account]:
    rows = await find(tx, sql.LOCK_ACCOUNTS, keys)
    return {row[1]: account_of(row) for row in rows}


def account_of(row: Record) -> Account:
    """The balances, and what others say of the account where anybody said anything."""
    account = Account(*row[: sql.BALANCE_COLUMNS])
    account.first_version = account.version
    if row[sql.BALANCE_COLUMNS] is not None:
        account.standing = Standing(*row[:2], *row[sql.BALANCE_COLUMNS :])
    return account


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read what the batch is about; its accounts are locked already."""
    operations = {
        (book.accounts[m.account_id].lane, m.operation_id)
        for m in causes
        if isinstance(m, ABOUT_OPERATIONS) and m.operation_id is not None
    }
    for row in await find(tx, sql.FIND_RESERVATIONS, operations):
        reservation = Reservation(*row)
        book.operations[reservation.account_id, reservation.subject_id] = reservation
    invoices = {
        (lane_of(m.account_id), m.account_id, m.invoice_id)
        for m in causes
        if isinstance(m, InvoicePaid)
    }
    book.granted.update((*row,) for row in await find(tx, sql.FIND_GRANTS, invoices))


async def find(tx: Transaction, statement: str, keys: Collection[Key]) -> list[Record]:
    """Fetch the rows of some keys, which a statement takes as whole columns."""
    return await tx.fetch(statement, *zip(*keys, strict=True)) if keys else []


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[HoldDue]:
    """The holds of some of so many partitions whose time has passed, the oldest first."""
    rows = await tx.fetch(sql.FIND_DUE, list(partitions), of, limit, offset_seconds)
    return [HoldDue(*row) for row in rows]


async def save(tx: Transaction, book: Book, known: Catalogue) -> list[AlertRaised]:
    """Write the book back: a fixed number of statements, whatever the batch was.

    Gives the alerts that nobody has raised before.
    """
    accounts = [a for a in book.accounts.values() if a.version != a.first_version]
    await save_rows(tx, sql.SAVE_ACCOUNTS, sql.ACCOUNT, accounts)
    standings = [a.standing for a in book.accounts.values() if a.standing.is_changed]
    await save_rows(tx, sql.SAVE_STANDINGS, sql.STANDING, standings)
    await save_reservations(tx, book)
    await rows.GRANTS.add(tx, book.new_grants)
    await rows.LEDGER.add(tx, book.entries)
    await rows.USAGE.add(tx, book.usage)
    if book.catalogue is not known:
        await save_catalogue(tx, book.catalogue, known)
    return await add_alerts(tx, book)


async def save_rows(
    tx: Transaction, statement: str, names: Sequence[str], changed: Sequence[object], *first: object
) -> None:
    """Hand over whole columns; no rows are no statement."""
    if changed:
        await tx.execute(statement, *first, *columns(changed, *names))


async def save_reservations(tx: Transaction, book: Book) -> None:
    """New rows are copied; of the others only what has changed is written."""
    every = list(book.operations.values())
    await rows.RESERVATIONS.add(tx, [row for row in every if row.change is Change.NEW])
    closed = [row for row in every if row.change is Change.CLOSED]
    await save_rows(tx, sql.CLOSE_RESERVATIONS, sql.CLOSED_RESERVATION, closed, book.now)
    extended = [row for row in every if row.change is Change.EXTENDED]
    await save_rows(tx, sql.EXTEND_RESERVATIONS, sql.EXTENDED_RESERVATION, extended)
    rewritten = [row for row in every if row.change is Change.REWRITTEN]
    await save_rows(tx, sql.REWRITE_RESERVATIONS, sql.RESERVATION, rewritten)


async def add_alerts(tx: Transaction, book: Book) -> list[AlertRaised]:
    """Keep one alert a mark; those that are there already were raised before."""
    if not book.alerts:
        return []
    marks = {(a.account_id, a.kind, a.about, a.threshold): a for a in reversed(book.alerts)}
    alerts = list(marks.values())
    lanes = [book.accounts[alert.account_id].lane for alert in alerts]
    rows = [sql.to_json(alert) for alert in alerts]
    added = await tx.fetch(sql.ADD_ALERTS, book.now, lanes, rows, *columns(alerts, *sql.ALERT))
    fresh = {row[0] for row in added}
    return [alert for alert in alerts if alert.alert_id in fresh]


async def read_catalogue(tx: Transaction, version: int) -> Catalogue:
    """All prices of all versions; plans and packages as announced, else the seed rows."""
    configs = [(row[0], sql.read_config(row[1])) for row in await tx.fetch(sql.ALL_CONFIGS)]
    models = [(row[0], sql.read_model(row[1])) for row in await tx.fetch(sql.ALL_MODELS)]
    plans = [sql.read_plan(row[0]) for row in await tx.fetch(sql.ALL_PLANS)]
    packages = [sql.read_package(row[0]) for row in await tx.fetch(sql.ALL_PACKAGES)]
    return Catalogue(
        version,
        Prices(configs, models),
        sql.SEED_PLANS | {plan.plan_code: plan for plan in plans},
        sql.SEED_PACKAGES | {package.package_code: package for package in packages},
    )


async def save_catalogue(tx: Transaction, now: Catalogue, before: Catalogue) -> None:
    """Keep what was announced, and let every worker read it with its next batch."""
    plans = [p for code, p in now.plans.items() if before.plans.get(code) is not p]
    packages = [p for code, p in now.packages.items() if before.packages.get(code) is not p]
    if plans:
        codes = [p.plan_code for p in plans], [p.version for p in plans]
        await tx.execute(sql.SAVE_PLANS, *codes, [sql.to_json(p) for p in plans])
    if packages:
        codes = [p.package_code for p in packages], [p.version for p in packages]
        await tx.execute(sql.SAVE_PACKAGES, *codes, [sql.to_json(p) for p in packages])
    await tx.execute(sql.RAISE_CATALOGUE)
