"""How a process is doing: the share that failed, and how long its records took."""

from decimal import Decimal

import pytest

from shared.health.pulse import (
    Behind,
    Pulse,
    error_rate,
    p95_milliseconds,
    status_of,
    together,
)


@pytest.mark.parametrize(
    ("failed", "status"),
    [(0, "healthy"), (50, "healthy"), (51, "warning"), (100, "warning"), (101, "critical")],
)
def test_above_5_percent_is_a_warning_and_above_10_critical(failed: int, status: str) -> None:
    assert status_of(error_rate(1000, failed)) == status


def test_of_nothing_nothing_has_failed() -> None:
    assert error_rate(0, 0) == Decimal(0)
    assert p95_milliseconds(Pulse().times) == 0


def test_a_record_counts_as_long_as_its_batch() -> None:
    pulse = Pulse()
    pulse.worked(records=950, failed=0, seconds=0.004)
    pulse.worked(records=50, failed=0, seconds=3)

    assert p95_milliseconds(pulse.times) == 5
    pulse.worked(records=1, failed=0, seconds=3)
    assert p95_milliseconds(pulse.times) == 5000


def test_what_took_longer_than_the_longest_class_is_in_the_last_one() -> None:
    pulse = Pulse()
    pulse.worked(1, 0, seconds=60)

    assert p95_milliseconds(pulse.times) == 10_000


def test_a_batch_that_is_tried_again_has_failed_altogether() -> None:
    pulse = Pulse()
    pulse.worked(records=90, failed=0, seconds=0.1)
    pulse.failed_altogether(records=10, seconds=0.1)

    assert error_rate(pulse.records, pulse.failed) == Decimal("0.1")


def test_what_comes_while_a_report_is_written_is_reported_next() -> None:
    pulse = Pulse()
    pulse.worked(10, 1, 0.1)
    reported = pulse.so_far()
    pulse.worked(5, 2, 3)

    pulse.forget(reported)

    assert (pulse.records, pulse.failed, sum(pulse.times)) == (5, 2, 5)
    assert p95_milliseconds(pulse.times) == 5000


def test_two_groups_lag_together_and_the_oldest_record_counts() -> None:
    assert together([Behind(3, 20), Behind(4, 7)]) == Behind(7, 20)
    assert together([]) == Behind(0, 0)
