"""Where a partition cannot be read on: it stops, says so, and the others go on."""

from collections import Counter

import structlog
from aiokafka import TopicPartition as Place

from shared import metrics
from shared.fetching import Damaged, Record

TRIES = 3  # What was damaged on its way is whole when it is fetched again.

log = structlog.get_logger(__name__)


class Damages:
    """The places at which a batch could not be read, and how often that was tried."""

    def __init__(self) -> None:
        self._tries: Counter[tuple[Place, int]] = Counter()

    def clear(self) -> None:
        self._tries.clear()

    def set_apart(self, polled: dict[Place, list[Record]]) -> set[Place]:
        """Leave only records in a poll; give the places at whose end it is not tried again."""
        damaged = [place for place, found in polled.items() if isinstance(found[-1], Damaged)]
        return {place for place in damaged if self._is_final(place, polled[place].pop())}

    def _is_final(self, place: Place, damage: Record) -> bool:
        self._tries[place, damage.offset] += 1
        if self._tries[place, damage.offset] < TRIES:
            return False
        metrics.STOPPED.labels(place.topic, place.partition).set(1)
        where, why = {**place._asdict(), "offset": damage.offset}, (damage.value or b"").decode()
        log.critical("a partition stops: it cannot be read on", reason=why, **where)
        return True
