"""Which part of a span is read by days that are closed, and which by the hour or the entry.

A span that begins or ends within an hour is read by its whole hours, and at its ends by the row.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from services.credits.days import DAY
from services.credits.derived import CLOSED_UNTIL, KIND, NUMBERS, TOTAL_NUMBERS
from shared.contracts.moments import FIRST, LAST
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
# A row of the usage log, as it is one of a sum of its kind.
BY_ROW = """
    site_id, operation_type, model_used AS model, provider, image_quality, item_kind, source,
    status, 1 AS actions, credits_used AS credits, shortfall, coalesce(cost_usd, 0) AS cost_usd,
    coalesce(tokens_input, 0) AS tokens_input, coalesce(tokens_output, 0) AS tokens_output,
    items_created AS items, coalesce(response_time_ms, 0) AS response_ms,
    CASE WHEN response_time_ms IS NULL THEN 0 ELSE 1 END AS responses,
    CASE status WHEN 'failed' THEN 1 ELSE 0 END AS failures,
    item_kind AS first_kind, item_kind AS last_kind
"""
HOUR = timedelta(hours=1)


class Days(NamedTuple):
    """A span, and the whole days (or hours) in it: none where the first is the end."""

    since: datetime
    first_day: datetime
    end_day: datetime
    until: datetime


def days_of(span: Span) -> Days:
    """The whole UTC days of a span; of one that ends before it begins nothing is left."""
    return whole(span, midnight, DAY)


def hours_of(span: Span) -> Days:
    """The same of its whole hours, for `used_to_the_moment`."""
    return whole(span, begun, HOUR)


def whole(span: Span, begin: Callable[[datetime], datetime], length: timedelta) -> Days:
    since, until = span.since, max(span)
    first = begin(since)
    if first < since:
        first = first + length if first < begin(LAST) else LAST
    return Days(since, min(first, until), max(min(first, until), begin(until)), until)


def begun(moment: datetime) -> datetime:
    """When the hour of a moment began."""
    return moment.replace(minute=0, second=0, microsecond=0)


def is_by_hour(span: Span) -> bool:
    """Whether sums by hour know all of a span."""
    return all(moment in (FIRST, LAST) or moment == begun(moment) for moment in span)


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


def used_to_the_moment(matches: str) -> str:
    """What was used in a span of which sums by hour know only the middle (`hours_of`)."""
    middle = part("hourly_usage", "hour", BY_KIND, "asked.first_day", "asked.end_day", matches)
    ends = ("asked.since", "asked.first_day"), ("asked.end_day", "asked.until")
    return " UNION ALL ".join([middle, *(rows_between(*end, matches) for end in ends)])


def rows_between(since: str, until: str, matches: str) -> str:
    return f"""
        SELECT date_trunc('hour', created_at, 'UTC') AS hour, {BY_ROW} FROM usage AS rows
        WHERE {matches} AND created_at >= {since} AND created_at < {until}
    """  # noqa: S608 - Constants of this file.


def part(table: str, moment: str, columns: str, since: str, until: str, matches: str) -> str:
    return f"""
        SELECT {moment} AS hour, {columns} FROM {table} AS rows
        WHERE {matches} AND {moment} >= {since} AND {moment} < {until}
    """  # noqa: S608 - Constants of these files.
