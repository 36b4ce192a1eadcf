"""When too much of a partition cannot be read, the deploy is bad, not the data: it stops.

More than half of its last 200 records: the partition stands still (`design.md` 3). More than 1 % of
its last 10,000: an alert. A few bad records on a quiet topic stop nothing.
"""

from collections.abc import Sequence

import structlog
from aiokafka import TopicPartition as Place

from shared import metrics
from shared.kafka import Letter, Unreadable

STOP_WINDOW, STOP_ABOVE = 200, 100
ALERT_WINDOW, ALERT_ABOVE = 10_000, 100

STOP_MASK, ALERT_MASK = (1 << STOP_WINDOW) - 1, (1 << ALERT_WINDOW) - 1

log = structlog.get_logger(__name__)


class Watch:
    """The last records of each partition, a bit a record: 1 for one that cannot be read."""

    def __init__(self) -> None:
        self._windows: dict[Place, int] = {}
        self._alerted: set[Place] = set()
        self.stopped: set[Place] = set()

    def admit(self, letters: Sequence[Letter]) -> list[Letter]:
        """Let letters through up to the one at which its partition stops."""
        if not any(isinstance(letter.content, Unreadable) for letter in letters):
            self._pass(letters)
            return list(letters)
        admitted = [letter for letter in letters if self._admits(letter)]
        for place in {letter.place for letter in letters}:
            self._alert(place)
        return admitted

    def _pass(self, letters: Sequence[Letter]) -> None:
        """Nothing bad: one shift a partition that has something bad in its window."""
        for place in [place for place, window in self._windows.items() if window]:
            count = sum(letter.place == place for letter in letters)
            self._windows[place] = self._windows[place] << count & ALERT_MASK
            self._alert(place)

    def _admits(self, letter: Letter) -> bool:
        place, bad = letter.place, isinstance(letter.content, Unreadable)
        if place in self.stopped:
            return False
        window = (self._windows.get(place, 0) << 1 | bad) & ALERT_MASK
        if (window & STOP_MASK).bit_count() > STOP_ABOVE:
            self.stopped.add(place)
            metrics.STOPPED.labels(place.topic, place.partition).set(1)
            log.critical("a partition stops: most of it cannot be read", **place._asdict())
            return False
        self._windows[place] = window
        return True

    def _alert(self, place: Place) -> None:
        """Say once that too much is set aside, and again when it had become less meanwhile."""
        bad = self._windows.get(place, 0).bit_count()
        metrics.DEAD_LETTER_SHARE.labels(place.topic, place.partition).set(bad / ALERT_WINDOW)
        if bad <= ALERT_ABOVE:
            self._alerted.discard(place)
        elif place not in self._alerted:
            self._alerted.add(place)
            log.error("more than 1 % of a partition is set aside", bad=bad, **place._asdict())
