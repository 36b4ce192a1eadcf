"""Ranges of time begin with a moment, end before one, and are counted in UTC."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.asking import Range
from shared.contracts.moments import FIRST, LAST
from shared.spans import span_of

Preset: TypeAlias = Literal["7d", "30d", "90d", "6m"]

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PRESETS: list[tuple[Preset, datetime]] = [
    ("7d", datetime(2026, 1, 9, tzinfo=UTC)),
    ("30d", datetime(2025, 12, 17, tzinfo=UTC)),
    ("90d", datetime(2025, 10, 18, tzinfo=UTC)),
    ("6m", datetime(2025, 8, 1, tzinfo=UTC)),
]


def test_who_names_no_range_means_everything() -> None:
    assert span_of(Range(), NOW) == (FIRST, LAST)


def test_a_date_is_its_midnight_in_utc() -> None:
    assert span_of(Range(from_="2026-01-01", to="2026-02-01"), NOW) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    )


def test_a_time_of_another_zone_is_one_of_utc() -> None:
    span = span_of(Range(from_="2026-01-01T01:30:00+02:00"), NOW)

    assert span == (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), LAST)


@pytest.mark.parametrize("year", ["0000", "10000", "999999"])
def test_years_that_no_calendar_counts_are_before_or_after_everything(year: str) -> None:
    said = f"{year}-06-30T12:00:00Z"

    assert span_of(Range(from_=said), NOW).since == (FIRST if year == "0000" else LAST)


@pytest.mark.parametrize(("preset", "since"), PRESETS)
def test_a_preset_is_whole_days_or_months_of_which_today_is_the_last(
    preset: Preset, since: datetime
) -> None:
    tomorrow = datetime(2026, 1, 16, tzinfo=UTC)

    assert span_of(Range(preset=preset), NOW) == (since, tomorrow)


@given(st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - The time zone is drawn beside them.
def test_today_is_in_every_preset_and_nothing_later(now: datetime) -> None:
    for preset, _ in PRESETS:
        since, until = span_of(Range(preset=preset), now)
        assert since <= now < until
        assert until - now <= timedelta(days=1)


def test_today_is_the_day_in_utc() -> None:
    late = datetime(2026, 1, 15, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert span_of(Range(preset="7d"), late).until == datetime(2026, 1, 17, tzinfo=UTC)
