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
    """The last records of each partition, a bit a record: 1 for one that is set aside."""

    def __init__(self) -> None:
        self._windows: dict[Place, int] = {}
        self._counted: dict[Place, int] = {}  # The last offset: what is tried again counts once.
        self._alerted: set[Place] = set()
        self.stopped: set[Place] = set()

    def admit(self, letters: Sequence[Letter]) -> list[Letter]:
        """Let letters through up to the one at which its partition stops."""
        if not self._windows and not any(is_unreadable(letter) for letter in letters):
            return list(letters)  # As nearly always: nothing to remember.
        return [letter for letter in letters if self._admits(letter)]

    def _admits(self, letter: Letter) -> bool:
        place, offset = letter.place, letter.record.offset
        if place in self.stopped:
            return False
        if offset <= self._counted.get(place, -1):
            return True
        window = (self._windows.get(place, 0) << 1 | is_unreadable(letter)) & ALERT_MASK
        if stops(window):
            self._stop(place)
            return False
        self._remember(place, window, offset)
        return True

    def review(self, letters: Sequence[Letter]) -> None:
        """Count those too that could be read, and were set aside when they were applied."""
        for place in {letter.place for letter in letters if is_unreadable(letter)}:
            own = [letter for letter in letters if letter.place == place]
            last = own[-1].record.offset
            counted = max(last, self._counted.get(place, -1))
            # A poll that is tried again may be shorter: what follows it is in the window already.
            newest_first = enumerate(reversed(own), start=counted - last)
            bits = sum(1 << age for age, letter in newest_first if is_unreadable(letter))
            self._remember(place, self._windows.get(place, 0) | bits, counted)
            if stops(self._windows[place]):
                self._stop(place)

    def _remember(self, place: Place, window: int, offset: int) -> None:
        """Say once that too much is set aside, and again when it had become less meanwhile."""
        self._windows[place], self._counted[place] = window, offset
        bad = window.bit_count()
        metrics.DEAD_LETTER_SHARE.labels(place.topic, place.partition).set(bad / ALERT_WINDOW)
        if bad <= ALERT_ABOVE:
            self._alerted.discard(place)
        elif place not in self._alerted:
            self._alerted.add(place)
            log.error("more than 1 % of a partition is set aside", bad=bad, **place._asdict())

    def _stop(self, place: Place) -> None:
        self.stopped.add(place)
        metrics.STOPPED.labels(place.topic, place.partition).set(1)
        log.critical("a partition stops: most of it is set aside", **place._asdict())


def is_unreadable(letter: Letter) -> bool:
    return isinstance(letter.content, Unreadable)


def stops(window: int) -> bool:
    return (window & STOP_MASK).bit_count() > STOP_ABOVE
