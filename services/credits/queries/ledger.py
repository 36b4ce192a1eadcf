"""`credits.transactions`: the ledger, the newest row first, a page at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from services.credits.queries import filters
from services.credits.queries.books import Books
from services.credits.queries.days import DAYS, DAYS_UNTIL, Days, days_of
from services.credits.queries.questions import WORDS, asked_as
from shared.asking import Question
from shared.contracts.credits import Transaction, Transactions
from shared.contracts.credits.answers import TransactionTotals
from shared.contracts.credits.queries import AskTransactions
from shared.contracts.errors import Error
from shared.contracts.moments import LAST, in_milliseconds
from shared.contracts.types import MAX_INT, Positive, Uuid
from shared.kept_plans import Reading, by_keys, whole_tables
from shared.keyset import cursor_of, start_of
from shared.lanes import lane_of
from shared.postgres import Record
from shared.spans import Span, span_of

Asked: TypeAlias = Question[AskTransactions]

QUERY = AskTransactions.query
LAST_ID = str(UUID(int=2**128 - 1))

# An entry of the ledger, as `transaction_of` reads it.
ENTRY = """
    transaction_id::text AS transaction_id, account_id::text AS account_id, seq, type, plan_delta,
    purchased_delta, balance_after, description, reference_type, reference_id,
    metadata::text AS metadata, actor, created_at
"""
OF_TYPES = "(asked.types IS NULL OR type = ANY (asked.types))"
MATCHES = f"created_at >= asked.since AND created_at < asked.until AND {OF_TYPES}"
ASKED = {"types": WORDS, **filters.SPAN}
# What went out is told by what came in and by both together: two sums are less than four.
SUMS = "SELECT asked.place, coalesce(came, 0)::bigint AS came, coalesce(moved, 0)::bigint AS moved"
SUMMED = "SELECT sum(came) AS came, sum(moved) AS moved"
ENTRIES = "(SELECT *, plan_delta + purchased_delta AS moved FROM ledger) AS rows"

ROWS_OF_ONE = f"""
    SELECT asked.place, entry.*
    FROM {asked_as({**ASKED, "size": "int", "seq": "bigint", **filters.OWNER})}
    CROSS JOIN LATERAL (
        SELECT {ENTRY} FROM ledger
        WHERE ledger.lane = asked.lane AND ledger.account_id = asked.account_id
          AND ledger.seq < asked.seq AND {MATCHES}
        ORDER BY ledger.seq DESC LIMIT asked.size
    ) AS entry
    ORDER BY asked.place, entry.seq DESC
"""  # noqa: S608 - Constants of this file.
# Days that are closed say up to which number their entries go: those after them have higher ones.
AFTER_DAYS = """
    rows.seq > coalesce((
        SELECT last_seq FROM daily_ledger AS days
        WHERE days.lane = asked.lane AND days.account_id = asked.account_id AND days.day < {0}
        ORDER BY days.day DESC, days.type DESC LIMIT 1), 0)
"""
OF_ITS = f"{filters.OF_ONE.matches} AND {OF_TYPES}"
SUMS_OF_ONE = f"""
    {SUMS}
    FROM {asked_as({"types": WORDS, **DAYS, **filters.OWNER})}
    CROSS JOIN LATERAL (
        {SUMMED} FROM (
            SELECT greatest(moved, 0) AS came, moved FROM {ENTRIES}
            WHERE asked.since < asked.first_day AND {OF_ITS}
              AND created_at >= asked.since AND created_at < asked.first_day
              AND {AFTER_DAYS.format("date_trunc('day', asked.since, 'UTC')")}
            UNION ALL
            SELECT came, moved FROM daily_ledger AS rows
            WHERE {OF_ITS} AND day >= asked.first_day AND day < {DAYS_UNTIL}
            UNION ALL
            SELECT greatest(moved, 0), moved FROM {ENTRIES}
            WHERE {DAYS_UNTIL} < asked.until AND {OF_ITS}
              AND created_at >= {DAYS_UNTIL} AND created_at < asked.until
              AND {AFTER_DAYS.format(DAYS_UNTIL)}
        ) AS summed
    ) AS entry
"""  # noqa: S608 - Constants of these files.

PLACE = {"before": "timestamptz", "account_id": "uuid", "seq": "bigint"}
# Across the lanes, by time; accounts and their numbers tell rows of one moment apart.
ROWS_OF_ALL = f"""
    SELECT asked.place, entry.*
    FROM {asked_as({**ASKED, "size": "int", **PLACE})}
    CROSS JOIN LATERAL (
        SELECT {ENTRY} FROM ledger
        WHERE created_at <= asked.before
          AND (created_at, ledger.account_id, ledger.seq)
              < (asked.before, asked.account_id, asked.seq) AND {MATCHES}
        ORDER BY created_at DESC, ledger.account_id DESC, ledger.seq DESC LIMIT asked.size
    ) AS entry
    ORDER BY asked.place, entry.created_at DESC, entry.account_id::uuid DESC, entry.seq DESC
"""  # noqa: S608 - Constants of this file.
SUMS_OF_ALL = f"""
    {SUMS}
    FROM {asked_as(ASKED)}
    CROSS JOIN LATERAL (
        {SUMMED} FROM (SELECT greatest(moved, 0) AS came, * FROM {ENTRIES}) AS rows WHERE {MATCHES}
    ) AS entry
"""  # noqa: S608 - The same.


class Number(NamedTuple):
    """Where a row stands among those of its account."""

    seq: Positive


class Moment(NamedTuple):
    """Where a row stands among those of all accounts."""

    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    account_id: Uuid
    seq: Positive


class Ledger(NamedTuple):
    """How the rows of one account are found, or those of all."""

    rows: str
    sums: str
    end: Number | Moment  # The newest row stands before it.
    reading: Reading


OF_ONE = Ledger(ROWS_OF_ONE, SUMS_OF_ONE, Number(MAX_INT), by_keys)
OF_ALL = Ledger(ROWS_OF_ALL, SUMS_OF_ALL, Moment(LAST, LAST_ID, MAX_INT), whole_tables)


class Wanted(NamedTuple):
    """The columns that a statement takes of one question."""

    types: str | None
    span: Span
    account: tuple[int, str] | tuple[()]
    size: int
    end: tuple[object, ...]

    @property
    def when(self) -> Span | Days:
        """Sums of one account are read by the day."""
        return days_of(self.span) if self.account else self.span


async def transactions(books: Books, questions: Sequence[Asked]) -> list[Transactions | Error]:
    """Pages of the ledgers of single accounts."""
    return await answers(books, questions, OF_ONE)


async def transactions_of_all(
    books: Books, questions: Sequence[Asked]
) -> list[Transactions | Error]:
    """Pages of everybody's ledger, by time."""
    return await answers(books, questions, OF_ALL)


async def answers(
    books: Books, questions: Sequence[Asked], ledger: Ledger
) -> list[Transactions | Error]:
    """A page each, but for who brings a cursor that is none of ours."""
    starts = [start_of(asked.params.page, QUERY, type(ledger.end)) for asked in questions]
    wanted = [
        wanted_by(asked, books.now, start or ledger.end)
        for asked, start in zip(questions, starts, strict=True)
        if not isinstance(start, Error)
    ]
    found = iter(await pages(books, wanted, ledger))
    return [start if isinstance(start, Error) else next(found) for start in starts]


def wanted_by(asked: Asked, now: datetime, end: tuple[object, ...]) -> Wanted:
    types = None if asked.params.type is None else ",".join(asked.params.type)
    owner = asked.account_id
    account = () if owner is None else (lane_of(owner), owner)
    return Wanted(types, span_of(asked.params, now), account, asked.params.page.size, end)


async def pages(books: Books, wanted: Sequence[Wanted], ledger: Ledger) -> list[Transactions]:
    """The rows of each page, one more that tells whether another follows, and the sums."""
    if not wanted:
        return []
    named = [(one.types, *one.span, one.size + 1, *one.end, *one.account) for one in wanted]
    rows: dict[int, list[Record]] = {place: [] for place in range(1, len(wanted) + 1)}
    summed = [(one.types, *one.when, *one.account) for one in wanted]
    async with ledger.reading(books.tx):
        for row in await books.tx.fetch(ledger.rows, *zip(*named, strict=True)):
            rows[row["place"]].append(row)
        found = await books.tx.fetch(ledger.sums, *zip(*summed, strict=True))
    sums = {row["place"]: row for row in found}
    return [
        page(rows[place], sums[place], one.size, ledger)
        for place, one in enumerate(wanted, start=1)
    ]


def page(rows: Sequence[Record], sums: Record, size: int, ledger: Ledger) -> Transactions:
    shown = rows[:size]
    more = len(rows) > size
    return Transactions(
        rows=[transaction_of(row) for row in shown],
        totals=TransactionTotals(came=sums["came"], went=sums["came"] - sums["moved"]),
        next_cursor=cursor_of(QUERY, [shown[-1][name] for name in ledger.end._fields])
        if more
        else None,
    )


def transaction_of(row: Record) -> Transaction:
    """An entry as it was written."""
    return Transaction(
        transaction_id=row["transaction_id"],
        account_id=row["account_id"],
        seq=row["seq"],
        type=row["type"],
        amount=row["plan_delta"] + row["purchased_delta"],
        plan_delta=row["plan_delta"],
        purchased_delta=row["purchased_delta"],
        balance_after=row["balance_after"],
        description=row["description"],
        reference_type=row["reference_type"],
        reference_id=row["reference_id"],
        metadata=msgspec.json.decode(row["metadata"]),
        actor=row["actor"],
        created_at=in_milliseconds(row["created_at"]),
    )
