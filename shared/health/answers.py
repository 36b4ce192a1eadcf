"""`system.health`: a service by what all of its processes reported within some minutes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, TypeAlias

from shared.asking import AsOf, Question
from shared.contracts.moments import in_milliseconds
from shared.contracts.operating import AskHealth, Health
from shared.contracts.operating import Service as Name
from shared.health.pulse import error_rate, no_times, p95_milliseconds, status_of
from shared.postgres import Record, Transaction

Asked: TypeAlias = Question[AskHealth]

# The lag is that of the last report; a process that has reported nothing since is not there.
REPORTED = """
    SELECT instance, at, records, failed, times, lag_records, oldest_age_s,
           at = max(at) OVER (PARTITION BY instance) AS is_last
    FROM health WHERE at > $1 ORDER BY at
"""


class Kept(AsOf, Protocol):
    """The books of a service, which also say what it is called."""

    @property
    def tx(self) -> Transaction: ...

    @property
    def name(self) -> Name: ...


async def health(books: Kept, questions: Sequence[Asked]) -> list[Health]:
    """One look at the reports of the longest time that somebody asks about."""
    longest = max(asked.params.minutes for asked in questions)
    since = books.now - timedelta(minutes=longest)
    rows = await books.tx.fetch(REPORTED, since)
    return [summary(books, since_minutes(books, rows, asked)) for asked in questions]


def since_minutes(books: Kept, rows: Sequence[Record], asked: Asked) -> list[Record]:
    since = books.now - timedelta(minutes=asked.params.minutes)
    return [row for row in rows if row["at"] > since]


def summary(books: Kept, rows: Sequence[Record]) -> Health:
    """All processes together; when none has reported, nobody is there to be healthy."""
    rate = error_rate(sum(row["records"] for row in rows), sum(row["failed"] for row in rows))
    times = [sum(counts) for counts in zip(no_times(), *(r["times"] for r in rows), strict=True)]
    last = [row for row in rows if row["is_last"]]
    return Health(
        service=books.name,
        status=status_of(rate) if rows else "critical",
        instances=len(last),
        lag_records=sum(row["lag_records"] for row in last),
        oldest_age_s=max((row["oldest_age_s"] for row in last), default=0),
        error_rate=str(rate),
        p95_ms=p95_milliseconds(times),
        at=in_milliseconds(max((row["at"] for row in rows), default=books.now)),
    )
