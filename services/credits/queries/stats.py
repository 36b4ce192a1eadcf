"""`credits.stats`: what a month came to, in all accounts or in one."""

from collections.abc import Sequence
from datetime import MAXYEAR, datetime, timedelta

from services.credits.prices import USD_UNITS, usd_text
from services.credits.queries.books import Books
from services.credits.queries.filters import OF_ALL, OF_ONE
from services.credits.queries.questions import asked_as
from shared.asking import Question
from shared.contracts.credits.answers import CreditsStats
from shared.contracts.credits.queries import AskStats
from shared.contracts.moments import LAST, moment_of
from shared.kept_plans import whole_tables
from shared.lanes import lane_of
from shared.postgres import Record
from shared.spans import Span

# A balance of the past is that of now without what came and went since.
MONTHS = """
    SELECT moved.*, spent.*,
           (SELECT coalesce(sum(plan_bucket + purchased_bucket), 0) FROM accounts AS rows
            WHERE {whose}) - moved.later AS balance_total
    FROM {asked}
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount) FILTER (WHERE amount > 0 AND is_within), 0) AS issued,
               coalesce(sum(amount) FILTER (
                   WHERE amount > 0 AND is_within AND type = 'purchase'), 0) AS purchased,
               coalesce(-sum(amount) FILTER (
                   WHERE amount < 0 AND is_within AND type <> 'deduction'), 0) AS revoked,
               coalesce(-sum(amount) FILTER (
                   WHERE is_within AND type = 'deduction'), 0) AS used,
               coalesce(sum(amount) FILTER (WHERE NOT is_within), 0) AS later
        FROM (
            SELECT type, plan_delta + purchased_delta AS amount,
                   created_at < asked.until AS is_within
            FROM ledger AS rows
            WHERE {whose} AND created_at >= asked.since
        ) AS entry
    ) AS moved
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(shortfall), 0) AS shortfall, coalesce(sum(cost_usd), 0) AS cost,
               count(DISTINCT rows.account_id) AS accounts_active
        FROM hourly_usage AS rows
        WHERE {whose} AND hour >= asked.since AND hour < asked.until
    ) AS spent
    ORDER BY asked.place
"""


MONTH = {"since": "timestamptz", "until": "timestamptz"}
FIND_ITS_MONTHS = MONTHS.format(whose=OF_ONE.matches, asked=asked_as({**MONTH, **OF_ONE.columns}))
FIND_MONTHS = MONTHS.format(whose=OF_ALL.matches, asked=asked_as(MONTH))


async def stats(books: Books, questions: Sequence[Question[AskStats]]) -> list[CreditsStats]:
    """All from one snapshot: issued - revoked - used is what the balances changed by."""
    asked = [(*span_asked(one), lane_of(one.account), one.account) for one in questions]
    rows = await books.tx.fetch(FIND_ITS_MONTHS, *zip(*asked, strict=True))
    return [month_of(one.params.month, row) for one, row in zip(questions, rows, strict=True)]


async def stats_of_all(books: Books, questions: Sequence[Question[AskStats]]) -> list[CreditsStats]:
    """The same of all accounts together."""
    asked = [span_asked(one) for one in questions]
    async with whole_tables(books.tx):
        rows = await books.tx.fetch(FIND_MONTHS, *zip(*asked, strict=True))
    return [month_of(one.params.month, row) for one, row in zip(questions, rows, strict=True)]


def span_asked(question: Question[AskStats]) -> Span:
    first = moment_of(f"{question.params.month}-01")
    return Span(first, next_month(first))


def next_month(first: datetime) -> datetime:
    if (first.year, first.month) == (MAXYEAR, 12):
        return LAST
    return (first + timedelta(days=32)).replace(day=1)


def month_of(month: str, row: Record) -> CreditsStats:
    return CreditsStats(
        month=month,
        issued=int(row["issued"]),
        purchased=int(row["purchased"]),
        revoked=int(row["revoked"]),
        used=int(row["used"]),
        shortfall=int(row["shortfall"]),
        balance_total=int(row["balance_total"]),
        cost_usd=usd_text(int(row["cost"] * USD_UNITS)),
        accounts_active=row["accounts_active"],
    )
