"""`credits.balance`: accounts as they stand."""

from collections.abc import Collection, Sequence

from services.credits.book import Account, Book, Standing
from services.credits.queries.books import Books
from shared.asking import Question
from shared.contracts.credits import Balance
from shared.contracts.credits.queries import AskBalance
from shared.lanes import lane_of
from shared.postgres import Record

FIND_ACCOUNTS = """
    SELECT a.lane, a.account_id::text AS account_id, a.plan_bucket, a.purchased_bucket, a.held,
           a.seq, a.version, a.used, a.month, s.plan_code,
           coalesce(s.granted_per_month, 0) AS granted_per_month
    FROM accounts a
    JOIN unnest($1::smallint[], $2::uuid[]) AS asked (lane, account_id) USING (lane, account_id)
    LEFT JOIN standings s USING (lane, account_id)
"""


async def balances(books: Books, questions: Sequence[Question[AskBalance]]) -> list[Balance]:
    """By the rules of `credits.balance.changed`; an account that nobody heard of has nothing."""
    book = await open_accounts(books, {question.account for question in questions})
    return [balance(book, book.accounts[question.account]) for question in questions]


async def open_accounts(books: Books, account_ids: Collection[str]) -> Book:
    """A book of these accounts, for rules that look and change nothing."""
    accounts = {name: Account(lane_of(name), name) for name in account_ids}
    lanes = [account.lane for account in accounts.values()]
    for row in await books.tx.fetch(FIND_ACCOUNTS, lanes, list(accounts)):
        accounts[row["account_id"]] = account_of(row)
    return Book(books.now, iter(()), books.catalogue, accounts, books.hold_margin_percent)


def account_of(row: Record) -> Account:
    return Account(
        lane=row["lane"],
        account_id=row["account_id"],
        plan_bucket=row["plan_bucket"],
        purchased_bucket=row["purchased_bucket"],
        held=row["held"],
        seq=row["seq"],
        version=row["version"],
        used=row["used"],
        window=row["month"],
        standing=Standing(
            row["lane"],
            row["account_id"],
            plan_code=row["plan_code"],
            granted_per_month=row["granted_per_month"],
        ),
    )


def balance(book: Book, account: Account) -> Balance:
    return Balance(
        account_id=account.account_id,
        credits=account.balance,
        held=account.held,
        available=account.available,
        plan_bucket=account.plan_bucket,
        purchased_bucket=account.purchased_bucket,
        plan_credits_per_month=book.credits_per_month(account),
        credits_used_this_month=book.used_this_month(account),
        credits_remaining=account.balance,
        window=book.window,
        seq=account.seq,
        version=account.version,
    )
