"""Accounts: locked in key order before anything else, written back at the end."""

from collections.abc import Collection, Sequence

from services.credits import statements as sql
from services.credits.book import Account, Book, Standing
from services.credits.domain import Cause
from shared.keys import Key, find, save_rows
from shared.lanes import lane_of
from shared.postgres import Record, Transaction


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


async def save(tx: Transaction, book: Book) -> None:
    """Write what changed: balances, and what others say of the account."""
    accounts = [a for a in book.accounts.values() if a.version != a.first_version]
    await save_rows(tx, sql.SAVE_ACCOUNTS, sql.ACCOUNT, accounts)
    standings = [a.standing for a in book.accounts.values() if a.standing.is_changed]
    await save_rows(tx, sql.SAVE_STANDINGS, sql.STANDING, standings)
