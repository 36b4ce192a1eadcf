"""`credits.forecast`: how the month will end if it goes on as it went, and when nothing is left."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from services.credits.prices import USD_UNITS, half_up, usd_text
from services.credits.queries.accounts import open_accounts
from services.credits.queries.books import Books
from services.credits.queries.days import DAYS, days_of, totals_in_days
from services.credits.queries.filters import OF_ONE, OWNER
from services.credits.queries.questions import asked_as
from services.credits.queries.sums import Sums, as_text, numbers_in
from shared.asking import Question
from shared.contracts.credits.answers import Forecast
from shared.contracts.credits.queries import AskForecast
from shared.contracts.moments import LAST, window_of
from shared.lanes import lane_of
from shared.spans import Span, ending_today

FIRST_GUESS_DAY = 3  # Two days say nothing about a month.
FAIR_FROM_DAY = 10
RECENT_DAYS = 7

OF_MONTH = "FILTER (WHERE hour >= asked.month)"
SUMS = as_text(
    f"sum(actions) {OF_MONTH}",
    f"sum(credits) {OF_MONTH}",
    f"trunc(sum(cost_usd) {OF_MONTH} * {USD_UNITS})",
    "sum(credits) FILTER (WHERE hour >= asked.week)",
)
ASKED = {**DAYS, "month": "timestamptz", "week": "timestamptz", **OWNER}
# Of the month, and of the last days, which may have begun in the month before.
FIND_USE = f"""
    SELECT asked.place, used.*
    FROM {asked_as(ASKED)}
    CROSS JOIN LATERAL (SELECT {SUMS} FROM ({totals_in_days(OF_ONE.matches)}) AS used) AS used
    ORDER BY asked.place
"""  # noqa: S608 - Constants of these files.


async def forecasts(books: Books, questions: Sequence[Question[AskForecast]]) -> list[Forecast]:
    """What is left comes from the account, what was used from the sums by day and hour."""
    owners = [question.account for question in questions]
    today = books.now.astimezone(UTC)
    month = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    week = ending_today(RECENT_DAYS, "d", today).since
    days = days_of(Span(min(month, week), LAST))
    asked = [(*days, month, week, lane_of(owner), owner) for owner in owners]
    rows = await books.tx.fetch(FIND_USE, *zip(*asked, strict=True))
    accounts = (await open_accounts(books, set(owners))).accounts
    used = [tuple(numbers_in(row)) for row in rows]
    return [
        forecast(question, today, Sums(*of_month), accounts[owner].available, recent)
        for question, owner, (*of_month, recent) in zip(questions, owners, used, strict=True)
    ]


def forecast(
    question: Question[AskForecast], today: datetime, used: Sums, available: int, recent: int
) -> Forecast:
    """`recent`: the credits of the last seven days, today included."""
    days = monthrange(today.year, today.month)[1]
    is_guess = today.day >= FIRST_GUESS_DAY
    left = available * RECENT_DAYS // recent if recent else None
    sees_usd = question.sees_usd
    return Forecast(
        window=window_of(today),
        day=today.day,
        days_in_month=days,
        used=used.credits,
        cost_usd=usd_text(used.cost) if sees_usd else None,
        actions=used.actions,
        daily_average=average(used.credits, today.day),
        projected_credits=half_up(used.credits * days, today.day) if is_guess else None,
        projected_cost_usd=usd_text(half_up(used.cost * days, today.day))
        if is_guess and sees_usd
        else None,
        days_until_empty=left,
        empty_on=empty_on(today, left),
        confidence=confidence_on(today.day),
    )


def average(credits: int, days: int) -> str:
    hundredths = half_up(credits * 100, days)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def empty_on(today: datetime, days: int | None) -> str | None:
    """The day on which nothing is left; none that no calendar knows."""
    if days is None or days > (datetime.max.replace(tzinfo=UTC) - today).days:
        return None
    return str((today + timedelta(days=days)).date())


def confidence_on(day: int) -> Literal["none", "low", "fair"]:
    if day < FIRST_GUESS_DAY:
        return "none"
    return "low" if day < FAIR_FROM_DAY else "fair"
