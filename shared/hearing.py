"""Whether a consumer still hears: aiokafka's may go deaf after a broker restart or a rebalance.

It lives on then, polls, and gets nothing: only a new process helps.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.errors import KafkaError

from shared.assignment import Assignment, Offsets

ANSWER_SECONDS = 10.0  # Of a broker that is well, by far.
GIVEN_NOTHING_SECONDS = 60.0  # A rebalance ends in less than half of it.


class DeafError(RuntimeError):
    """The consumer is alive and hears nothing: only a new process helps."""


@dataclass(slots=True)
class Hearing:
    """What was found of one consumer when it was last looked at."""

    group: str
    servers: str
    polls: int = 0  # Counted by whoever polls.
    _polls_then: int = 0
    _silent: Offsets = field(default_factory=dict)
    _places: Collection[Place] = ()
    _given_at: float = field(default_factory=time.monotonic)
    _is_unanswered: bool = False

    def forget(self) -> None:
        """Some partitions are not read for a while: that they give nothing means nothing."""
        self._silent = {}

    async def look(
        self, consumer: AIOKafkaConsumer, assignment: Assignment, wanted: Sequence[Place]
    ) -> None:
        """Compare what was read of these with what the broker has, for it alone knows the end.

        DeafError when one has records, and gave none to the polls since the last look; when the
        group has said for longer than a rebalance takes neither what is ours nor that nothing is;
        or when twice running the broker does not answer us, and answers a newcomer. Otherwise
        KafkaError or TimeoutError while it does not answer.
        """
        asked = [place for place in wanted if place in assignment.places]
        some = asked or [first_of(consumer)]  # The broker is asked in any case.
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ends = await consumer.end_offsets(some)
                stand = {place: await consumer.position(place) for place in asked}
        except (KafkaError, TimeoutError):
            self._given_at = time.monotonic()
            await self._compare_with_a_newcomer(some)
            raise
        self._is_unanswered = False
        self._look_for_partitions(assignment)
        if self._places is not assignment.places:
            self.forget()
        self._places = assignment.places
        behind = {place: at for place, at in stand.items() if at < ends[place]}
        self._look_for_silence({p: at for p, at in behind.items() if not has_some(consumer, p)})

    async def _compare_with_a_newcomer(self, places: Sequence[Place]) -> None:
        """Who knows nothing yet gets an answer, if there is one."""
        newcomer = AIOKafkaConsumer(bootstrap_servers=self.servers)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await newcomer.start()
                await newcomer.end_offsets(places)
        except (KafkaError, TimeoutError):
            self._is_unanswered = False
            return
        finally:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(newcomer.stop(), ANSWER_SECONDS)
        if self._is_unanswered:
            raise DeafError(f"{self.group}: the broker answers others, and not us")
        self._is_unanswered = True

    def _look_for_partitions(self, assignment: Assignment) -> None:
        # While they are being taken or given the turn is held: that may wait for others.
        if assignment.is_complete or assignment.turn.locked():
            self._given_at = time.monotonic()
        elif time.monotonic() - self._given_at > GIVEN_NOTHING_SECONDS:
            raise DeafError(f"{self.group}: the group does not say which partitions are ours")

    def _look_for_silence(self, silent: Offsets) -> None:
        deaf = [place for place, at in silent.items() if self._silent.get(place) == at]
        if deaf and self.polls > self._polls_then:
            raise DeafError(f"{self.group}: nothing comes from {deaf[0]}, which has records")
        self._silent, self._polls_then = silent, self.polls


def first_of(consumer: AIOKafkaConsumer) -> Place:
    """A partition that there must be."""
    return Place(min(consumer.subscription()), 0)


def has_some(consumer: AIOKafkaConsumer, place: Place) -> bool:
    """Whether records of it have come that no poll has taken yet, for others were before them."""
    return place in consumer._fetcher._records  # noqa: SLF001 - aiokafka shows no other.
