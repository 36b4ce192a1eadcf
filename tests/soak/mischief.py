"""Kills workers, PostgreSQL and the broker at random, and starts whatever does not run."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from deploy.errors import OperatorError
from deploy.local.programs import Program
from tests.faults.scene import Scene

LOOK_EVERY_SECONDS = 0.5
AWAY_SECONDS = 0.5, 4.0
# Of ten kills, so many hit a worker; the others PostgreSQL or the broker.
WORKERS_IN_TEN = 7

log = logging.getLogger(__name__)


@dataclass
class Mischief:
    """Who was killed, and how often."""

    scene: Scene
    workers: Sequence[Program]
    chance: random.Random
    between_seconds: tuple[float, float]
    kills: Counter[str] = field(default_factory=Counter)

    async def go_on(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self.chance.uniform(*self.between_seconds))
            victim = self.choose()
            self.kills[victim.name.rstrip("-0123456789")] += 1
            log.info("kill -9 of %s", victim.name)
            victim.kill()
            await asyncio.sleep(self.chance.uniform(*AWAY_SECONDS))

    def choose(self) -> Program:
        if self.chance.randrange(10) < WORKERS_IN_TEN:
            return self.chance.choice(self.workers)
        return self.chance.choice([self.scene.postgres, self.scene.kafka])

    async def keep_running(self) -> None:
        """As a supervisor would: what has ended is started again, servers before workers."""
        while True:
            await self.mend()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def mend(self) -> None:
        for server in (self.scene.postgres, self.scene.kafka):
            if server.process is None:
                server.start()
                with suppress(OperatorError):  # Killed again: the next look starts it.
                    await asyncio.to_thread(server.wait_until_ready)
        for worker in self.workers:
            if worker.process is None:
                worker.start()

    async def make_good(self) -> None:
        """Have everybody up."""
        await self.mend()
        for worker in self.workers:
            await asyncio.to_thread(worker.wait_until_ready)
