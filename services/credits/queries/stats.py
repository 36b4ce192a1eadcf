"""`credits.stats`: what a month came to, in all accounts or in one."""

from collections.abc import Sequence
from datetime import MAXYEAR, datetime, timedelta

from services.credits.prices import USD_UNITS, usd_text
from services.credits.queries.books import Books
from shared.asking import Question
from shared.contracts.credits.answers import CreditsStats
from shared.contracts.credits.queries import AskStats
from shared.contracts.moments import LAST, moment_of
from shared.lanes import lane_of
from shared.postgres import Record

# A balance of the past is that of now without what came and went since.
FIND_MONTHS = """
    SELECT moved.*, spent.*,
           (SELECT coalesce(sum(plan_bucket + purchased_bucket), 0) FROM accounts AS rows
            WHERE asked.account_id IS NULL
               OR (rows.lane = asked.lane AND rows.account_id = asked.account_id))
           - moved.later AS balance_total
    FROM unnest($1::timestamptz[], $2::timestamptz[], $3::smallint[], $4::uuid[])
         WITH ORDINALITY AS asked (since, until, lane, account_id, place)
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
            WHERE created_at >= asked.since AND (asked.account_id IS NULL
               OR (rows.lane = asked.lane AND rows.account_id = asked.account_id))
        ) AS entry
    ) AS moved
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(shortfall), 0) AS shortfall, coalesce(sum(cost_usd), 0) AS cost,
               count(DISTINCT rows.account_id) AS accounts_active
        FROM hourly_usage AS rows
        WHERE hour >= asked.since AND hour < asked.until AND (asked.account_id IS NULL
           OR (rows.lane = asked.lane AND rows.account_id = asked.account_id))
    ) AS spent
    ORDER BY asked.place
"""


async def stats(books: Books, questions: Sequence[Question[AskStats]]) -> list[CreditsStats]:
    """All from one snapshot: issued - revoked - used is what the balances changed by."""
    asked = [columns_of(question) for question in questions]
    rows = await books.tx.fetch(FIND_MONTHS, *zip(*asked, strict=True))
    return [
        month_of(question.params.month, row) for question, row in zip(questions, rows, strict=True)
    ]


def columns_of(question: Question[AskStats]) -> tuple[object, ...]:
    owner = question.account_id
    first = moment_of(f"{question.params.month}-01")
    return first, next_month(first), None if owner is None else lane_of(owner), owner


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
