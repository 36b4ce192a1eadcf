"""`usage.log`: pages of the usage log, with the sums of all rows that match."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from services.credits.partitions import KEPT_SINCE
from services.credits.prices import usd_text
from services.credits.queries.books import Books
from services.credits.queries.filters import (
    FILTER,
    MATCHES,
    OF_ALL,
    OF_KIND,
    OF_ONE,
    ORDERS,
    Asked,
    Order,
    Place,
    Scope,
    asked_as,
    filter_of,
    hidden_from,
    owner_of,
)
from services.credits.queries.sums import SUMS, Sums, sums_in
from services.credits.queries.usage import USAGE, usage_row_of
from shared.contracts.credits.answers import UsageLog, UsageSums
from shared.contracts.credits.queries import AskUsage
from shared.contracts.errors import Error, unavailable
from shared.contracts.moments import FIRST, LAST
from shared.keyset import cursor_of, start_of
from shared.postgres import Record, Transaction
from shared.spans import span_of

SUMS_OF_ROWS = """
    count(*) AS actions, coalesce(sum(credits_used), 0) AS credits,
    coalesce(sum(cost_usd), 0) AS cost, coalesce(sum(tokens_input), 0) AS tokens_input,
    coalesce(sum(tokens_output), 0) AS tokens_output, 0 AS items, 0 AS failures,
    0 AS response_ms, 0 AS responses
"""


# Of what sums by hour know: a month of a busy account takes a millisecond.
SUMS_BY_HOUR = f"""
    SELECT {SUMS} FROM hourly_usage AS rows
    WHERE {{whose}} AND hour >= asked.since AND hour < asked.until
      AND hour >= ({KEPT_SINCE})
      AND {OF_KIND} AND (asked.model IS NULL OR rows.model = asked.model)
"""  # noqa: S608 - Constants of this file.
SUMS_BY_ROW = f"SELECT {SUMS_OF_ROWS} FROM usage AS rows WHERE {{whose}} AND {MATCHES}"  # noqa: S608 - The same.


class Wanted(NamedTuple):
    """One page: where it begins, and the columns that statements take of its question."""

    place: int  # Of its question among those of the poll.
    asked: Asked
    start: Place
    filter: tuple[object, ...]
    owner: tuple[object, ...]


def rows_statement(order: Order, scope: Scope, most: int) -> str:
    """So many rows for each question; a number that the planner knows, for it cannot guess it."""
    return f"""
        SELECT asked.place, entry.*
        FROM {asked_as(FILTER, order.columns, scope.columns)}
        CROSS JOIN LATERAL (
            SELECT {USAGE} FROM usage AS rows
            WHERE {scope.matches} AND {MATCHES} AND {order.follows}
            ORDER BY {order.by} LIMIT {most}
        ) AS entry
    """  # noqa: S608 - Constants of these files.


def sums_statement(source: str, scope: Scope) -> str:
    """The sums of all rows that match each question."""
    return f"""
        SELECT asked.place, found.* FROM {asked_as(FILTER, scope.columns)}
        CROSS JOIN LATERAL ({source.format(whose=scope.matches)}) AS found
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
    wanted = [wanted_by(books, place, asked) for place, asked in enumerate(questions)]
    pages = [one for one in wanted if isinstance(one, Wanted)]
    rows = await rows_of(books, pages, scope)
    sums = await sums_of(books, pages, scope)
    return [
        page(one, rows.get(one.place, []), sums[one.place]) if isinstance(one, Wanted) else one
        for one in wanted
    ]


def wanted_by(books: Books, place: int, asked: Asked) -> Wanted | Error:
    if error := hidden_from(asked):
        return error
    sort = asked.params.sort
    first = ORDERS[sort].first
    start = start_of(asked.params.page, word_of(sort), type(first))
    if isinstance(start, Error):
        return start
    return Wanted(place, asked, start or first, filter_of(asked, books.now), owner_of(asked))


def word_of(sort: str) -> str:
    """A cursor of another order is none of this one."""
    return f"{AskUsage.query} {sort}"


async def rows_of(books: Books, pages: Sequence[Wanted], scope: Scope) -> dict[int, list[Record]]:
    """A statement an order; one row more than a page has tells whether another follows."""
    found: dict[int, list[Record]] = {}
    for sort, order in ORDERS.items():
        some = [one for one in pages if one.asked.params.sort == sort]
        named = [(*one.filter, *order.values_of(one.start), *one.owner) for one in some]
        if named:
            most = max(one.asked.params.page.size for one in some) + 1
            statement = rows_statement(order, scope, most)
            async with ordered(books.tx, order):
                rows = await books.tx.fetch(statement, *zip(*named, strict=True))
            for row in rows:
                found.setdefault(some[row["place"] - 1].place, []).append(row)
    return found


@asynccontextmanager
async def ordered(tx: Transaction, order: Order) -> AsyncIterator[None]:
    """Have rows read in the order of their index until a page is full, where there is one.

    The planner cannot guess how many rows match what stands in another row: it thinks that there
    are few, and sorts them all. Of 100,000 rows a page took 414 ms so, and 0.2 ms in order.
    """
    if not order.has_index:
        yield
        return
    await tx.execute("SET LOCAL enable_sort = off")
    yield
    await tx.execute("SET LOCAL enable_sort = on")  # After an error the savepoint does it.


async def sums_of(books: Books, pages: Sequence[Wanted], scope: Scope) -> dict[int, Sums]:
    """From the sums by hour where these know all that is asked for, else from the rows."""
    by_hour = [one for one in pages if is_known_by_hour(one.asked, books.now)]
    by_row = [one for one in pages if not is_known_by_hour(one.asked, books.now)]
    found: dict[int, Sums] = {}
    for source, some in ((SUMS_BY_HOUR, by_hour), (SUMS_BY_ROW, by_row)):
        named = [(*one.filter, *one.owner) for one in some]
        if named:
            statement = sums_statement(source, scope)
            for row in await books.tx.fetch(statement, *zip(*named, strict=True)):
                found[some[row["place"] - 1].place] = sums_in(row)
    return found


def is_known_by_hour(asked: Asked, now: datetime) -> bool:
    params = asked.params
    return (
        params.run_id is None
        and params.user_id is None
        and all(map(is_whole_hour, span_of(params, now)))
    )


def is_whole_hour(moment: datetime) -> bool:
    if moment in (FIRST, LAST):
        return True
    return (moment.minute, moment.second, moment.microsecond) == (0, 0, 0)


def page(wanted: Wanted, rows: Sequence[Record], sums: Sums) -> UsageLog:
    asked, order = wanted.asked, ORDERS[wanted.asked.params.sort]
    size = asked.params.page.size
    shown = rows[:size]
    return UsageLog(
        rows=[usage_row_of(row, asked) for row in shown],
        total_count=sums.actions,
        sums=UsageSums(
            credits=sums.credits,
            cost_usd=usd_text(sums.cost) if asked.sees_usd else None,
            tokens_input=sums.tokens_input,
            tokens_output=sums.tokens_output,
        ),
        next_cursor=cursor_of(word_of(asked.params.sort), order.place_of(shown[-1]))
        if len(rows) > size
        else None,
    )
