"""One measured repeat: workers frozen, a topic filled, workers thawed, the effects counted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deploy.bench.crew import Crew
from deploy.bench.load import Load
from deploy.bench.machine import Cpu, Reading
from deploy.bench.rig import LOOK_EVERY_SECONDS, Rig
from deploy.errors import OperatorError

SILENCE_SECONDS = 60.0  # Longer than any rebalance: nothing comes any more.

Count: TypeAlias = Callable[[Rig, str], Awaitable[int]]  # What a topic tells of effects.


@dataclass(frozen=True, slots=True)
class Lap:
    """So many operations and what they took; CPU in microseconds an operation."""

    operations: int
    rate: float  # A second, from the first effect to the last.
    cpu: Cpu
    elsewhere: float  # Processors that others kept busy.
    peak_mebibytes: Sequence[float]  # Of each worker, from its start on.

    def then(self, other: "Lap") -> "Lap":
        """Both halves of the same operations, one after the other."""
        return Lap(
            self.operations,
            1 / (1 / self.rate + 1 / other.rate),
            self.cpu.plus(other.cpu),
            (self.elsewhere + other.elsewhere) / 2,
            other.peak_mebibytes,
        )


async def run(rig: Rig, crew: Crew, load: Load, effect: str, count: Count = Rig.length) -> Lap:
    """Time a load by the records that are counted of the topic `effect`, one for each operation."""
    start = await count(rig, effect)
    crew.freeze()
    await rig.publish(load)
    before = rig.servers.read(crew.processes())
    crew.thaw()
    first = await reach(rig, crew, effect, start + 1, count)
    began = rig.servers.read(crew.processes())
    last = await reach(rig, crew, effect, start + load.operations, count)
    ended = rig.servers.read(crew.processes())
    # A load so small that the first look finds all of it is timed from its start on.
    done, since = (last - first, began) if last > first else (load.operations, before)
    rate = done / (ended.at - since.at)
    return lap(crew, load.operations, rate, (before, ended))


def lap(crew: Crew, operations: int, rate: float, readings: tuple[Reading, Reading]) -> Lap:
    """What so many operations between two readings took."""
    before, ended = readings
    return Lap(
        operations,
        rate,
        before.until(ended).an_operation(operations),
        before.elsewhere_until(ended),
        tuple(crew.peak_mebibytes.values()),
    )


async def reach(rig: Rig, crew: Crew, topic: str, goal: int, count: Count = Rig.length) -> int:
    """Wait until a topic is so long, with an eye on the workers; give how long it is then."""
    silent_looks, length = 0, await count(rig, topic)
    while length < goal:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        crew.look_at_memory()
        before, length = length, await count(rig, topic)
        silent_looks = 0 if length > before else silent_looks + 1
        if silent_looks * LOOK_EVERY_SECONDS > SILENCE_SECONDS:
            raise OperatorError(f"{topic} stands still at {length} records instead of {goal}")
    return length
