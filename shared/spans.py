"""Which moments a question is about: those from one until before another, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.contracts.asking import Range
from shared.contracts.moments import FIRST, LAST, moment_of

MONTHS_A_YEAR = 12


class Span(NamedTuple):
    """From a moment until before another."""

    since: datetime
    until: datetime


def span_of(asked: Range, now: datetime) -> Span:
    """What was named, or so many days or months of which today is in the last; else everything."""
    if asked.preset is not None:
        return ending_today(int(asked.preset[:-1]), asked.preset[-1], now)
    return Span(
        FIRST if asked.from_ is None else moment_of(asked.from_),
        LAST if asked.to is None else moment_of(asked.to),
    )


def ending_today(count: int, unit: str, now: datetime) -> Span:
    """Whole UTC days (`d`) or calendar months (`m`): of the last month as much as there is."""
    today = midnight(now)
    tomorrow = today + timedelta(days=1)
    if unit == "d":
        return Span(tomorrow - timedelta(days=count), tomorrow)
    months = today.year * MONTHS_A_YEAR + today.month - count
    first = today.replace(year=months // MONTHS_A_YEAR, month=months % MONTHS_A_YEAR + 1, day=1)
    return Span(first, tomorrow)


def midnight(moment: datetime) -> datetime:
    """The first moment of its UTC day."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
