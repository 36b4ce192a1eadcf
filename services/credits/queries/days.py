"""Which part of a span is read by days that are closed, and which by the hour or the entry."""

from datetime import datetime
from typing import NamedTuple

from services.credits.days import DAY
from services.credits.derived import CLOSED_UNTIL, KIND, NUMBERS, TOTAL_NUMBERS
from shared.contracts.moments import LAST
from shared.spans import Span, midnight

DAYS = {
    "since": "timestamptz",
    "first_day": "timestamptz",
    "end_day": "timestamptz",
    "until": "timestamptz",
}
# Where days end and hours go on: days that are not closed yet are read by the hour.
DAYS_UNTIL = f"greatest(asked.first_day, least(asked.end_day, {CLOSED_UNTIL}))"
# As totals have it.
OF_A_KIND = f"""
    {NUMBERS}, CASE status WHEN 'failed' THEN actions ELSE 0 END AS failures,
    item_kind AS first_kind, item_kind AS last_kind
"""
BY_KIND = f"{KIND}, {OF_A_KIND}"


class Days(NamedTuple):
    """A span, and the whole days in it: none where the first is the end."""

    since: datetime
    first_day: datetime
    end_day: datetime
    until: datetime


def days_of(span: Span) -> Days:
    """The whole UTC days of a span; of one that ends before it begins nothing is left."""
    since, until = span.since, max(span)
    first = midnight(since)
    if first < since:
        first = first + DAY if first < midnight(LAST) else LAST
    return Days(since, min(first, until), max(min(first, until), midnight(until)), until)


def used_in_days(matches: str) -> str:
    """What was used in the span of `asked`, as sums of days and of hours; `hour` is when.

    `matches` picks `rows`.
    """
    return in_days("daily_usage", BY_KIND, BY_KIND, matches)


def totals_in_days(matches: str) -> str:
    """The same of whatever kind; `matches` knows none."""
    return in_days("daily_totals", TOTAL_NUMBERS, OF_A_KIND, matches)


def in_days(table: str, columns: str, of_hours: str, matches: str) -> str:
    parts = (
        ("hourly_usage", "hour", of_hours, "asked.since", "asked.first_day"),
        (table, "day", columns, "asked.first_day", DAYS_UNTIL),
        ("hourly_usage", "hour", of_hours, DAYS_UNTIL, "asked.until"),
    )
    return " UNION ALL ".join(part(*part_of, matches) for part_of in parts)


def used_in_hours(matches: str) -> str:
    """The same by the hour alone."""
    return part("hourly_usage", "hour", BY_KIND, "asked.since", "asked.until", matches)


def part(table: str, moment: str, columns: str, since: str, until: str, matches: str) -> str:
    return f"""
        SELECT {moment} AS hour, {columns} FROM {table} AS rows
        WHERE {matches} AND {moment} >= {since} AND {moment} < {until}
    """  # noqa: S608 - Constants of these files.
