"""`limits.usage` and `usage.summary`: how much of what an account has is used."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from services.limits import outcomes
from services.limits.queries.books import Books, open_accounts
from shared.asking import Question
from shared.contracts.limits import LimitsUsage, Period, SummaryCredits, UsageSummary
from shared.contracts.limits.queries import AskLimits, AskSummary
from shared.contracts.moments import end_of, window_of
from shared.keys import find
from shared.lanes import lane_of

FIND_CREDITS = """
    SELECT account_id::text, balance, plan_allocation,
           CASE month WHEN its_month THEN used ELSE 0 END
    FROM unnest($1::smallint[], $2::uuid[], $3::text[])
         AS wanted (its_lane, its_account, its_month)
    CROSS JOIN LATERAL (
        SELECT * FROM credit_balances
        WHERE lane = its_lane AND account_id = its_account OFFSET 0
    ) AS found
"""
NOTHING = SummaryCredits(balance=0, plan_allocation=0, used_this_month=0)


async def usage(books: Books, questions: Sequence[Question[AskLimits]]) -> list[LimitsUsage]:
    """The four limits as `limits.usage.changed` says them, in the month that it is."""
    book = await open_accounts(books, {asked.account for asked in questions})
    period = period_of(books.now)
    return [
        LimitsUsage(rows=outcomes.limit_rows(book, book.accounts[asked.account]), period=period)
        for asked in questions
    ]


async def summaries(books: Books, questions: Sequence[Question[AskSummary]]) -> list[UsageSummary]:
    """The same beside the credits, as far as credits has told of them."""
    whose = {asked.account for asked in questions}
    book, credits = await open_accounts(books, whose), await credits_of(books, whose)
    period = period_of(books.now)
    return [
        UsageSummary(
            limits=outcomes.limit_rows(book, book.accounts[asked.account]),
            credits=credits.get(asked.account, NOTHING),
            period=period,
        )
        for asked in questions
    ]


async def credits_of(books: Books, whose: Collection[str]) -> Mapping[str, SummaryCredits]:
    """What was used in another month counts no more."""
    month = window_of(books.now)
    wanted = {(lane_of(account_id), account_id, month) for account_id in whose}
    return {
        row[0]: SummaryCredits(balance=row[1], plan_allocation=row[2], used_this_month=row[3])
        for row in await find(books.tx, FIND_CREDITS, wanted)
    }


def period_of(now: datetime) -> Period:
    """The UTC month of a moment."""
    first, last = now.date().replace(day=1), end_of(window_of(now)).date() - timedelta(days=1)
    return Period(
        start=first.isoformat(),
        end=last.isoformat(),
        days_remaining=(last - now.date()).days,
    )
