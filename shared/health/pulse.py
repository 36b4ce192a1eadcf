"""What a process counts of its work: how many records, how many failed, how long they took.

Times are counted in classes, so that those of many processes and moments can be added up.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from shared.contracts.operating import HealthStatus
from shared.metrics import BATCH_BUCKETS

Times: TypeAlias = Sequence[int]

# The upper ends of the classes, in milliseconds; one class more for what took longer.
UPPER_MILLISECONDS = tuple(int(1000 * seconds) for seconds in BATCH_BUCKETS)
CLASSES = len(UPPER_MILLISECONDS) + 1
WARNING_ABOVE, CRITICAL_ABOVE = Decimal("0.05"), Decimal("0.10")
PLACES = Decimal("0.0001")


def no_times() -> list[int]:
    return [0] * CLASSES


@dataclass(slots=True)
class Pulse:
    """What was done since the last report."""

    records: int = 0
    failed: int = 0
    times: list[int] = field(default_factory=no_times)

    def worked(self, records: int, failed: int, seconds: float) -> None:
        """A batch was applied; so many of its records were set aside."""
        self.records += records
        self.failed += failed
        self.times[bisect_left(UPPER_MILLISECONDS, 1000 * seconds)] += records

    def failed_altogether(self, records: int, seconds: float) -> None:
        """A batch could not be applied, and is tried again."""
        self.worked(records, records, seconds)

    def so_far(self) -> "Pulse":
        return Pulse(self.records, self.failed, list(self.times))

    def forget(self, reported: "Pulse") -> None:
        """What was reported is not reported again; what came since then is."""
        self.records -= reported.records
        self.failed -= reported.failed
        self.times = [now - then for now, then in zip(self.times, reported.times, strict=True)]


class Behind(NamedTuple):
    """What was not applied yet: so many records, of which the oldest has waited so long."""

    records: int = 0
    oldest_age_s: int = 0


def together(parts: Iterable[Behind]) -> Behind:
    known = list(parts)
    oldest = max((part.oldest_age_s for part in known), default=0)
    return Behind(sum(part.records for part in known), oldest)


def error_rate(records: int, failed: int) -> Decimal:
    """The share that failed; of nothing it is nothing."""
    share = Decimal(failed) / records if records else Decimal(0)
    return share.quantize(PLACES)


def status_of(rate: Decimal) -> HealthStatus:
    """Healthy up to 5 % of errors, critical above 10 % (`payloads.md` 9)."""
    if rate > CRITICAL_ABOVE:
        return "critical"
    return "warning" if rate > WARNING_ABOVE else "healthy"


def p95_milliseconds(times: Times) -> int:
    """The upper end of the class in which 95 % of the records are done; 0 where there were none."""
    most, so_far = 95 * sum(times), 0
    for upper, count in zip((*UPPER_MILLISECONDS, UPPER_MILLISECONDS[-1]), times, strict=True):
        so_far += 100 * count
        if count and so_far >= most:
            return upper
    return 0
