"""What is to be said travels to Kafka while whoever says it goes on: one load after the other."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog
from aiokafka.errors import KafkaError

from shared import jobs, metrics
from shared.publisher import Publisher
from shared.wire import Run

RETRY_SECONDS = 1.0

# What happens once a load has arrived, but for these runs, which the broker never takes.
Arrived: TypeAlias = Callable[[Sequence[Run]], None]

log = structlog.get_logger(__name__)


def is_all(_: Sequence[Run]) -> None:
    """Nobody has to know."""


class Courier:
    """Carries loads in the order of `send`, however long the broker lets one of them wait."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._lane = asyncio.Lock()
        self._carrying: asyncio.Task[None] | None = None
        self._failure: Exception | None = None  # For good: it ends the process.

    async def send(self, runs: Sequence[Run], arrived: Arrived = is_all) -> None:
        """Set out with these, as soon as what was sent before has arrived."""
        await self._enter()
        self._carrying = jobs.watched(self._carry(runs, arrived))

    async def settled(self) -> None:
        """Wait until all that was sent has arrived; what never will is raised here, too."""
        await self._enter()
        self._lane.release()

    async def _enter(self) -> None:
        await self._lane.acquire()
        if self._failure is not None:
            self._lane.release()
            raise self._failure

    async def _carry(self, runs: Sequence[Run], arrived: Arrived) -> None:
        """Try until the broker takes it: what comes after it must not overtake it.

        A load that fails for good ends the process, and until then nothing goes past it.
        """
        try:
            while (refused := await self._refused_of(runs)) is None:
                await asyncio.sleep(RETRY_SECONDS)
            arrived(refused)
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._lane.release()

    async def _refused_of(self, runs: Sequence[Run]) -> Sequence[Run] | None:
        """What the broker never takes of it; None where it did not take it now."""
        try:
            return await self._publisher.deliver(runs)
        except KafkaError as error:
            self._publisher.kept_waiting_at = time.monotonic()  # It is not we who stand still.
            metrics.PUBLISH_FAILURES.inc()
            log.warning("what is to be said waits for the broker", error=repr(error))
            return None
