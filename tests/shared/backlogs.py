"""Backlogs of every shape: partitions as a broker holds them, and how far they were read."""

from collections.abc import Collection, Sequence

from aiokafka import TopicPartition as Place
from hypothesis import strategies as st

from shared.kafka import Record
from shared.order import Order
from tests.making import raw_record

TOPICS = ("invoice.paid", "ai.operation.requested", "ai.operation.completed")
HOLD_BACK_SECONDS = 5.0
ENOUGH, EVERYTHING = 4, 10**6

Times = Sequence[Sequence[int]]  # Of the records of each topic.

moments = st.lists(st.integers(0, 30), max_size=12)
backlogs = st.tuples(moments, moments, moments)
# How much the next poll gives, and how much is then handed on at most.
turns = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 7)), min_size=3, max_size=8)


class Clock:
    """Stands still until it is told to go."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Log:
    """The partitions of one number as a broker holds them, and how far they were read."""

    def __init__(self, times: Times, number: int = 0, deaf: Collection[str] = ()) -> None:
        self.records = {
            Place(topic, number): [
                raw_record(topic, b"", partition=number, offset=offset, timestamp=at)
                for offset, at in enumerate(own)
            ]
            for topic, own in zip(TOPICS, times, strict=True)
        }
        self.read = dict.fromkeys(self.records, 0)
        self.deaf = deaf

    def lagging(self) -> set[Place]:
        return {place for place, its in self.records.items() if self.read[place] < len(its)}

    def poll(self, order: Order, most: int) -> None:
        """Drain one partition after the other, as aiokafka does."""
        for place in order.wanted(ENOUGH):
            if place in self.records and place.topic not in self.deaf:
                start = self.read[place]
                polled = self.records[place][start : start + most]
                self.read[place] += len(polled)
                most -= len(polled)
                order.add({place: polled} if polled else {})


def order_of(log: Log, clock: Clock | None = None) -> Order:
    order = Order(TOPICS, HOLD_BACK_SECONDS, clock or Clock())
    order.restart(log.records)
    return order


def drain(log: Log, order: Order, turns: Sequence[tuple[int, int]]) -> list[Record]:
    """Read and hand on until nothing is left; the turns are repeated as often as it takes."""
    handed: list[Record] = []
    for number in range(1000):
        polled, most = turns[number % len(turns)]
        log.poll(order, polled)
        handed += order.take(most, log.lagging())
    return handed


def place_of(record: Record) -> Place:
    return Place(record.topic, record.partition)


def offsets_by_place(records: Sequence[Record]) -> dict[str, list[int]]:
    return {topic: [r.offset for r in records if r.topic == topic] for topic in TOPICS}
