"""The books of limits as they stand at one moment, open to be read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.limits import store
from services.limits.book import Account, Book
from services.limits.domain.windows import keep_up
from shared.catalogue import Current, read_plans
from shared.contracts.invoicing import Plan
from shared.contracts.operating import Service as Name
from shared.keys import find
from shared.lanes import lane_of
from shared.postgres import Transaction


@dataclass(frozen=True, slots=True)
class Books:
    """A snapshot of the tables, its moment, and the plans of that moment."""

    tx: Transaction
    now: datetime
    plans: Mapping[str, Plan]
    name: Name = "limits"


class Library:
    """Opens the books, and remembers the plans from one poll to the next."""

    def __init__(self, clock_offset: float) -> None:
        self._plans = Current(read_plans, clock_offset)

    async def open(self, tx: Transaction) -> Books:
        return Books(tx, *await self._plans.open(tx))


async def open_accounts(books: Books, account_ids: Collection[str]) -> Book:
    """A book of these accounts as they are this month, whether or not they have opened it.

    An account that nobody heard of has the Free plan and nothing else.
    """
    accounts = {name: Account(lane_of(name), name) for name in account_ids}
    wanted = {(account.lane, account.account_id) for account in accounts.values()}
    for row in await find(books.tx, store.accounts.FIND, wanted):
        accounts[row[1]] = Account(*row)
    book = Book(books.now, iter(()), books.plans, accounts)
    await store.accounts.load(books.tx, book)
    for account in accounts.values():
        keep_up(book, account)
    return book
