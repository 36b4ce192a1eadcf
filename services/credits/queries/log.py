"""`usage.log`: pages of the usage log, with the sums of all rows that match."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.credits.partitions import KEPT_SINCE
from services.credits.prices import usd_text
from services.credits.queries.books import Books
from services.credits.queries.days import is_by_hour, totals_in_days, used_in_days
from services.credits.queries.filters import (
    OF_ALL,
    OF_ONE,
    ORDERS,
    Asked,
    Order,
    Picked,
    Place,
    Scope,
    hidden_from,
    picked,
)
from services.credits.queries.questions import asked_as
from services.credits.queries.sums import COST, as_text, numbers_in
from services.credits.queries.usage import USAGE, usage_row_of
from shared.contracts.credits.answers import UsageLog, UsageSums
from shared.contracts.credits.queries import AskUsage
from shared.contracts.errors import Error, unavailable
from shared.keyset import cursor_of, start_of
from shared.postgres import Record
from shared.spans import span_of

TOKENS = "sum(tokens_input)", "sum(tokens_output)"
SUMS_OF_DAYS = as_text("sum(actions)", "sum(credits)", COST, *TOKENS)
SUMS_OF_ROWS = as_text("count(*)", "sum(credits_used)", COST, *TOKENS)


class Totals(NamedTuple):
    """Of all rows that match, in the order of the columns that are summed up."""

    rows: int
    credits: int
    cost: int  # 10^-8 USD.
    tokens_input: int
    tokens_output: int


class Wanted(NamedTuple):
    """One page: whose question it answers, and where it begins."""

    place: int  # Of its question among those of the poll.
    asked: Asked
    start: Place


def rows_statement(order: Order, picked: Picked, most: int) -> str:
    """So many rows for each question; a number that the planner knows, for it cannot guess it."""
    found = f"""
        FROM usage AS rows WHERE {picked.matches} AND {order.follows}
        ORDER BY {order.by} LIMIT {most}
    """
    asked = asked_as({**picked.columns, **order.columns})
    if order.has_index:
        return f"""
            SELECT entry.*, asked.place
            FROM {asked} CROSS JOIN LATERAL (SELECT {USAGE} {found}) AS entry
        """  # noqa: S608 - The same.
    return f"""
        SELECT {USAGE}, asked.place
        FROM {asked}
        CROSS JOIN LATERAL (
            SELECT rows.lane, rows.account_id, rows.created_at, rows.usage_id {found}
        ) AS found
        CROSS JOIN LATERAL (
            SELECT rows.* FROM usage AS rows
            WHERE rows.lane = found.lane AND rows.account_id = found.account_id
              AND rows.created_at = found.created_at AND rows.usage_id = found.usage_id OFFSET 0
        ) AS rows
        ORDER BY asked.place, {order.by}
    """  # noqa: S608 - The same.


def sums_of_days(picked: Picked) -> str:
    """Of what sums by day and hour know, where rows are kept: a busy account has fewer of them."""
    used = used_in_days if picked.names else totals_in_days
    return f"""
        SELECT found.*, asked.place FROM {asked_as(picked.columns)}
        CROSS JOIN LATERAL (
            SELECT {SUMS_OF_DAYS} FROM ({used(picked.picks)}) AS used
            WHERE hour >= ({KEPT_SINCE})
        ) AS found
    """  # noqa: S608 - The same.


def sums_of_rows(picked: Picked) -> str:
    """Of all else."""
    return f"""
        SELECT found.*, asked.place FROM {asked_as(picked.columns)}
        CROSS JOIN LATERAL (
            SELECT {SUMS_OF_ROWS} FROM usage AS rows WHERE {picked.matches}
        ) AS found
    """  # noqa: S608 - The same.


async def usage_logs(books: Books, questions: Sequence[Asked]) -> list[UsageLog | Error]:
    """Pages of the logs of single accounts."""
    return await answers(books, questions, OF_ONE)


async def usage_logs_of_all(books: Books, questions: Sequence[Asked]) -> list[UsageLog | Error]:
    """Pages of everybody's log."""
    return await answers(books, questions, OF_ALL)


async def not_exported(books: Books, questions: Sequence[Asked]) -> list[Error]:
    """Files are made beside the desk; what comes here nobody could take."""
    del books
    return [unavailable("No file can be made just now.")] * len(questions)


async def answers(books: Books, questions: Sequence[Asked], scope: Scope) -> list[UsageLog | Error]:
    """A page each, but for who may not see it so, or brings a cursor that is none of ours."""
    wanted = [wanted_by(place, asked) for place, asked in enumerate(questions)]
    pages = [one for one in wanted if isinstance(one, Wanted)]
    async with scope.reading(books.tx):
        rows = await rows_of(books, pages, scope)
        sums = await sums_of(books, pages, scope)
    return [
        page(one, rows.get(one.place, []), sums[one.place]) if isinstance(one, Wanted) else one
        for one in wanted
    ]


def wanted_by(place: int, asked: Asked) -> Wanted | Error:
    if error := hidden_from(asked):
        return error
    sort = asked.params.sort
    first = ORDERS[sort].first
    start = start_of(asked.params.page, word_of(sort), type(first))
    return start if isinstance(start, Error) else Wanted(place, asked, start or first)


def word_of(sort: str) -> str:
    """A cursor of another order is none of this one."""
    return f"{AskUsage.query} {sort}"


async def rows_of(books: Books, pages: Sequence[Wanted], scope: Scope) -> dict[int, list[Record]]:
    """A statement an order; one row more than a page has tells whether another follows."""
    found: dict[int, list[Record]] = {}
    for sort, order in ORDERS.items():
        some = [one for one in pages if one.asked.params.sort == sort]
        if some:
            by = picked(scope, [one.asked for one in some])
            most = max(one.asked.params.page.size for one in some) + 1
            named = [
                (*by.values_of(one.asked, books.now), *order.values_of(one.start)) for one in some
            ]
            statement = rows_statement(order, by, most)
            for row in await books.tx.fetch(statement, *zip(*named, strict=True)):
                found.setdefault(some[row["place"] - 1].place, []).append(row)
    return found


async def sums_of(books: Books, pages: Sequence[Wanted], scope: Scope) -> dict[int, Totals]:
    """From sums by day and hour where these know all that is asked for, else from the rows."""
    by_sums = [one for one in pages if is_known_by_hour(one.asked, books.now)]
    by_row = [one for one in pages if not is_known_by_hour(one.asked, books.now)]
    found: dict[int, Totals] = {}
    for statement, some in ((sums_of_days, by_sums), (sums_of_rows, by_row)):
        if some:
            by = picked(scope, [one.asked for one in some])
            by = by.in_sums if statement is sums_of_days else by
            named = [by.values_of(one.asked, books.now) for one in some]
            for row in await books.tx.fetch(statement(by), *zip(*named, strict=True)):
                found[some[row["place"] - 1].place] = Totals(*numbers_in(row))
    return found


def is_known_by_hour(asked: Asked, now: datetime) -> bool:
    params = asked.params
    return params.run_id is None and params.user_id is None and is_by_hour(span_of(params, now))


def page(wanted: Wanted, rows: Sequence[Record], totals: Totals) -> UsageLog:
    asked, order = wanted.asked, ORDERS[wanted.asked.params.sort]
    size = asked.params.page.size
    shown = rows[:size]
    return UsageLog(
        rows=[usage_row_of(row, asked) for row in shown],
        total_count=totals.rows,
        sums=UsageSums(
            credits=totals.credits,
            cost_usd=usd_text(totals.cost) if asked.sees_usd else None,
            tokens_input=totals.tokens_input,
            tokens_output=totals.tokens_output,
        ),
        next_cursor=cursor_of(word_of(asked.params.sort), order.place_of(shown[-1]))
        if len(rows) > size
        else None,
    )
