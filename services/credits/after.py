"""What every fact about an account tells: how it stands after what happened.

`outcomes` writes the same fields out: there they are made twice an operation, and building them
apart takes four times as long (1.2 us a fact instead of 0.3).
"""

from typing import TypedDict

from services.credits.book import Account, Book


class After(TypedDict):
    """Fields of `Fact`."""

    account_id: str
    seq: int
    version: int
    balance_after: int
    available_after: int
    at: str


def after(book: Book, account: Account) -> After:
    return {
        "account_id": account.account_id,
        "seq": account.seq,
        "version": account.version,
        "balance_after": account.balance,
        "available_after": account.available,
        "at": book.at,
    }
