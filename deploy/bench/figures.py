"""The figures of one run: each a median, and how far its repeats spread."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from msgspec import Struct

from deploy.bench.laps import Lap


class Spread(Struct, frozen=True):
    """A figure of several repeats."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        known = sorted(values)
        return cls(statistics.median(known), known[0], known[-1])


class Cost(Struct, frozen=True):
    """Processor time in microseconds an operation, medians of the repeats."""

    python: float
    postgres: float
    kafka: float
    total: float


class Rate(Struct, frozen=True, tag=True):
    """Operations a second, measured over a waiting load."""

    name: str
    title: str
    rate: Spread
    operations: int  # A repeat.
    repeats: int
    cpu: Cost
    elsewhere: Spread  # Processors that other programs kept busy meanwhile.
    peak_mebibytes: Sequence[float] = ()  # Of each process.

    @property
    def seconds(self) -> float:
        """What one repeat took."""
        return self.operations / self.rate.median

    @classmethod
    def of(cls, name: str, title: str, laps: Sequence[Lap]) -> Self:
        parties = ("python", "postgres", "kafka", "total")
        medians = (statistics.median(getattr(lap.cpu, party) for lap in laps) for party in parties)
        return cls(
            name,
            title,
            Spread.of(lap.rate for lap in laps),
            laps[0].operations,
            len(laps),
            Cost(*medians),
            Spread.of(lap.elsewhere for lap in laps),
            laps[-1].peak_mebibytes,
        )


class Delay(Struct, frozen=True, tag=True):
    """Milliseconds from the moment a request was due to the moment its answer was read."""

    name: str
    title: str
    p50: Spread
    p99: Spread
    p999: Spread
    requests: int  # A repeat.
    repeats: int
    elsewhere: Spread


class Duration(Struct, frozen=True, tag=True):
    """Seconds that something takes."""

    name: str
    title: str
    seconds: Spread
    repeats: int


class Answers(Struct, frozen=True, tag=True):
    """Milliseconds from when a question was due to its answer, while commands are obeyed."""

    name: str
    title: str
    p50: Spread
    p95: Spread
    p99: Spread
    p95_by_kind: Mapping[str, Spread]  # A kind of question each.
    questions: int  # A repeat.
    repeats: int
    usage_rows: int  # That there were to begin with.
    lives_a_second: Spread  # Obeyed meanwhile.
    elsewhere: Spread


Figure = Rate | Delay | Duration | Answers
