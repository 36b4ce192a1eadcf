"""Times as the contract writes them, and ids that rise with time."""

from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import lru_cache
from itertools import count

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def in_milliseconds(moment: datetime) -> str:
    """Write a UTC time as RFC 3339 with milliseconds."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def moment_of(text: str) -> datetime:
    """Read a time, or a date as its 00:00Z; ValueError for one that no calendar knows.

    Years that Python cannot count are its first or last one: before everything, or after it.
    """
    year, rest = text.upper().split("-", 1)
    if not MINYEAR <= int(year) <= MAXYEAR:
        return LAST if int(year) else FIRST
    read = datetime.fromisoformat(f"{int(year):04d}-{rest}")
    try:
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except OverflowError:
        return read.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def window_of(moment: datetime) -> str:
    """The UTC month that a moment lies in, as `2026-01`."""
    return moment.astimezone(UTC).strftime("%Y-%m")


@lru_cache(maxsize=64)
def end_of(window: str) -> datetime:
    """The first moment after a UTC month."""
    year, month = int(window[:4]), int(window[5:])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def rising_ids(moment: datetime, salt: bytes) -> Iterator[str]:
    """UUIDv7 (RFC 9562) of one moment, one after the other: no chance in the rules, it comes in.

    `salt` is 6 random bytes; the rest of an id is a number that rises, so that the ids of a batch
    are distinct, and those of two batches are but for a chance of 2**-48 in the same millisecond.
    """
    milliseconds = f"{int(moment.timestamp() * 1000):012x}"
    prefix = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    tail = salt.hex()
    for number in count():
        yield f"{prefix}{number >> 14 & 0xFFF:03x}-{0x8000 | number & 0x3FFF:04x}-{tail}"
