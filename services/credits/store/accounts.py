"""Accounts: locked in key order before anything else, written back at the end."""

from collections.abc import Sequence

from services.credits import statements as sql
from services.credits.book import Account, Book, Standing
from services.credits.domain import Cause
from shared.accounts import lock_accounts
from shared.keys import save_rows
from shared.postgres import Record, Transaction


async def lock(tx: Transaction, causes: Sequence[Cause]) -> dict[str, Account]:
    """Lock every account of the batch in key order; open those that are new to us."""
    rows = await lock_accounts(tx, causes, sql.LOCK_ACCOUNTS, sql.OPEN_ACCOUNTS)
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
