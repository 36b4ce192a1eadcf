"""Causes before effects: partitions of one number are merged by the broker's timestamps.

They hold the same accounts. What was polled waits here until no sister partition of its number can
still hold something older: a sister that has records which nobody has read yet is read first, as
Kafka Streams does. So a backlog meets payments before requests, and requests before completions.
This makes order usual, never guaranteed: the rules stay right in any order.
"""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import TypeAlias

from aiokafka import TopicPartition as Place

from shared.kafka import Record

Clock: TypeAlias = Callable[[], float]

BEFORE_ALL, AFTER_ALL = -1, 2**80
# Records may be a thousand times as large as usual: what is in memory is bounded in bytes, too.
MOST_WAITING_BYTES = 32 * 1024 * 1024  # From here on only where nothing waits more is read.
MOST_TAKEN_BYTES = 8 * 1024 * 1024  # Or one record.
RANKS = (
    1024  # More than there are topics: a moment is (timestamp, rank of the topic) in one number.
)


class Waiting:
    """What was read of one partition and not handed on yet, the oldest first."""

    __slots__ = (
        "bytes",
        "is_damaged",
        "is_stopped",
        "moments",
        "reached",
        "records",
        "silent_since",
    )

    def __init__(self) -> None:
        self.moments: list[int] = []
        self.records: list[Record] = []
        self.bytes = 0
        self.reached = BEFORE_ALL  # The moment of the last record read; time never runs backwards.
        self.silent_since: float | None = None
        self.is_stopped = False
        self.is_damaged = False

    def add(self, records: Sequence[Record], rank: int) -> None:
        reached = self.reached
        for record in records:
            reached = max(reached, record.timestamp * RANKS + rank)
            self.moments.append(reached)
        self.records += records
        self.bytes += sum(map(size_of, records))
        self.reached, self.silent_since = reached, None

    @property
    def may_grow(self) -> bool:
        return not (self.is_stopped or self.is_damaged)

    def take(self, count: int) -> tuple[list[int], list[Record]]:
        taken = self.moments[:count], self.records[:count]
        del self.moments[:count], self.records[:count]
        self.bytes -= sum(map(size_of, taken[1]))
        return taken


class Order:
    """The records that one consumer has read, and the order in which they are handed on."""

    def __init__(
        self, topics: Sequence[str], hold_back_seconds: float, clock: Clock = time.monotonic
    ) -> None:
        # Of equal timestamps the topic named first is the cause.
        self._ranks = {topic: rank for rank, topic in enumerate(topics)}
        self._hold_back, self._clock = hold_back_seconds, clock
        self._waiting: dict[Place, Waiting] = {}
        self._usual_bytes = 0.0  # Of a record, as they came lately.

    def restart(self, places: Collection[Place]) -> None:
        """Forget what was read: these partitions are read anew, from where they were applied."""
        self._waiting = {place: Waiting() for place in places}

    def add(self, polled: Mapping[Place, Sequence[Record]]) -> None:
        before, count = self._bytes(), sum(map(len, polled.values()))
        for place, records in polled.items():
            if waiting := self._waiting.get(place):
                waiting.add(records, self._ranks[place.topic])
        if count:
            self._usual_bytes = (self._usual_bytes + (self._bytes() - before) / count) / 2

    def enough(self, most: int) -> int:
        """How many records are one poll: fewer than usual when they are large."""
        return max(1, min(most, int(MOST_TAKEN_BYTES / max(1.0, self._usual_bytes))))

    @property
    def is_full(self) -> bool:
        return self._bytes() >= MOST_WAITING_BYTES

    def wanted(self, enough: int) -> list[Place]:
        """The partitions of which less than that waits here.

        When all is too much, those without which nothing can be handed on, of one number.
        """
        enough, number = (1, self._largest_number()) if self.is_full else (enough, None)
        return [
            place
            for place, waiting in self._waiting.items()
            if len(waiting.records) < enough
            and waiting.may_grow
            and number in {None, place.partition}
        ]

    def _largest_number(self) -> int:
        """Of which the most waits."""
        numbers: Counter[int] = Counter()
        for place, waiting in self._waiting.items():
            numbers[place.partition] += 0 if waiting.is_stopped else waiting.bytes
        return numbers.most_common(1)[0][0]

    def _bytes(self) -> int:
        """What waits, but for what will wait for ever."""
        return sum(w.bytes for w in self._waiting.values() if not w.is_stopped)

    def oldest(self) -> dict[Place, int]:
        """The timestamp of the first record that waits, in milliseconds, a partition."""
        return {p: w.records[0].timestamp for p, w in self._waiting.items() if w.records}

    def unread_from(self, place: Place) -> int | None:
        """The offset of the first record that waits."""
        waiting = self._waiting.get(place)
        return waiting.records[0].offset if waiting and waiting.records else None

    def take(self, most: int, lagging: Collection[Place]) -> list[Record]:
        """Hand on what nothing older can come before any more, in order of time."""
        taken, are_large = list[Record](), self._bytes() > MOST_TAKEN_BYTES
        for number in sorted({place.partition for place in self._waiting}):
            if len(taken) < most:
                taken += self._take_of(number, most - len(taken), lagging)
        return self._cut(taken) if are_large else taken

    def _cut(self, taken: list[Record]) -> list[Record]:
        """So many of them as are not too large together; the others go first the next time."""
        ends = list(accumulate(map(size_of, taken)))
        count = max(1, bisect_right(ends, MOST_TAKEN_BYTES))
        self.put_back(taken[count:])
        return taken[:count]

    def _take_of(self, number: int, most: int, lagging: Collection[Place]) -> list[Record]:
        sisters = [(p, w) for p, w in self._waiting.items() if p.partition == number]
        if not any(waiting.records for _, waiting in sisters):
            return []
        horizon = min((self._horizon(w, p in lagging) for p, w in sisters), default=AFTER_ALL)
        ready = [(w, bisect_right(w.moments, horizon)) for _, w in sisters if not w.is_stopped]
        ready = [(waiting, count) for waiting, count in ready if count]
        if len(ready) == 1:  # Nothing to merge with, as nearly always when nothing lags.
            waiting, count = ready[0]
            return waiting.take(min(count, most))[1]
        return merged(ready, most)

    def _horizon(self, waiting: Waiting, lags: bool) -> int:  # noqa: FBT001 - a fact, no choice.
        """How far its number may go: where this partition was read to, if more of it is unread."""
        if not lags or not waiting.may_grow:
            waiting.silent_since = None
            return AFTER_ALL
        now = self._clock()
        if waiting.silent_since is None:
            waiting.silent_since = now
        if not waiting.records and now - waiting.silent_since >= self._hold_back:
            return AFTER_ALL  # It has something and gives nothing: it is not waited for for ever.
        return waiting.reached

    def stop(self, places: AbstractSet[Place], batch: Iterable[Record]) -> None:
        """Let partitions stand still, with their records of this batch and all that follow."""
        if places := places & self._waiting.keys():  # Others were given away meanwhile.
            self.put_back(r for r in batch if Place(r.topic, r.partition) in places)
            for place in places:
                self._waiting[place].is_stopped = True

    def end(self, places: AbstractSet[Place]) -> None:
        """Hand on what was read of some partitions, and read no more of them."""
        for place in places & self._waiting.keys():
            self._waiting[place].is_damaged = True

    def put_back(self, records: Iterable[Record]) -> None:
        """Take back what could not be applied: it goes first the next time."""
        places: dict[Place, list[Record]] = {}
        for record in records:
            places.setdefault(Place(record.topic, record.partition), []).append(record)
        for place, again in places.items():
            if waiting := self._waiting.get(place):
                moments = [min(waiting.moments[:1] or [waiting.reached])] * len(again)
                own = [r.timestamp * RANKS + self._ranks[r.topic] for r in again]
                waiting.moments[:0] = [min(pair) for pair in zip(moments, own, strict=True)]
                waiting.records[:0] = again
                waiting.bytes += sum(map(size_of, again))


def size_of(record: Record) -> int:
    """In bytes, as far as somebody else chose it."""
    size: int = len(record.value or b"") + len(record.key or b"")
    for name, value in record.headers:
        size += len(name) + len(value or b"")
    return size


def merged(ready: Sequence[tuple[Waiting, int]], most: int) -> list[Record]:
    """The oldest records of several partitions, each partition's own order kept."""
    moments = sorted(
        (moment, index) for index, (w, count) in enumerate(ready) for moment in w.moments[:count]
    )[:most]
    shares = [0] * len(ready)
    for _, index in moments:
        shares[index] += 1
    parts = [iter(w.take(share)[1]) for (w, _), share in zip(ready, shares, strict=True)]
    return [next(parts[index]) for _, index in moments]
