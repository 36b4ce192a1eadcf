"""How soon a worker that was killed in the middle of its work works again, and nothing is lost."""

import asyncio
import time
from dataclasses import dataclass

from deploy.bench import laps
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Duration, Spread
from deploy.bench.load import REPLY_TOPIC, requests_of
from deploy.bench.rig import Rig
from deploy.bench.throughput import ACCOUNTS, REPEATS, same_accounts
from deploy.errors import OperatorError

OPERATIONS, DONE_WHEN_KILLED = 20_000, 5_000
DONE_WITHIN_SECONDS, LOOK_EVERY_SECONDS = 60.0, 0.2
LAST_WORDS_SECONDS = 0.5  # What a killed worker had sent is still taken by the broker.


@dataclass(frozen=True, slots=True)
class Restart:
    """One process, killed with -9 and started again."""

    name: str
    title: str
    processes: int = 1

    async def measure(self, rig: Rig) -> Duration:
        with working(rig.workers(self.processes)) as crew:
            await rig.caught_up()
            await rig.fund(same_accounts(ACCOUNTS))
            seconds = [await kill(rig, crew, number * OPERATIONS) for number in range(REPEATS)]
        states = await rig.states()
        if states != {"held": REPEATS * OPERATIONS}:
            raise OperatorError(f"{self.title}: {REPEATS} x {OPERATIONS} ended as {states}")
        return Duration(self.name, self.title, Spread.of(seconds), REPEATS)


async def kill(rig: Rig, crew: Crew, operations_before: int) -> float:
    """Kill it amid a load; give the seconds from its start until it answers something more."""
    (worker,) = crew.members
    start = await rig.length(REPLY_TOPIC)
    load = requests_of(rig.pipeline.lives(OPERATIONS, same_accounts(ACCOUNTS)))
    crew.freeze()
    await rig.publish(load)
    crew.thaw()
    await laps.reach(rig, crew, REPLY_TOPIC, start + DONE_WHEN_KILLED)
    worker.kill()
    await asyncio.sleep(LAST_WORDS_SECONDS)
    answered = await rig.length(REPLY_TOPIC)
    began = time.perf_counter()
    worker.start()
    await laps.reach(rig, crew, REPLY_TOPIC, answered + 1)
    seconds = time.perf_counter() - began
    async with asyncio.timeout(DONE_WITHIN_SECONDS):
        await until_done(rig, operations_before + OPERATIONS)
    return seconds


async def until_done(rig: Rig, operations: int) -> None:
    """By the rows: answers may have come twice."""
    while sum((await rig.states()).values()) < operations:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
