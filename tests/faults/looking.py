"""What can be seen from outside of a worker: the records of a topic, and its metrics."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from deploy.local import worker
from deploy.local.environment import KAFKA
from deploy.local.programs import Program
from shared import retained
from shared.kafka import Record
from tests.faults.scene import LOOK_AGAIN_SECONDS, SETTLE_SECONDS, Scene

OK = 200


async def records_in(scene: Scene, *topics: str) -> list[Record]:
    """Everything that topics hold, repeats included."""
    found: list[Record] = []
    async with retained.opened(scene.environment[KAFKA]) as kept:
        places = await kept.places(topics)
        begin, end = await kept.begin(places), await kept.end(places)
        for place in places:
            async for records in kept.read(place, begin[place], end[place]):
                found += records
    return found


async def metric(program: Program, name: str, **labels: str) -> float:
    """The sum of a metric over all labels that are not named, as soon as the worker answers."""
    samples = [
        sample
        for family in text_string_to_metric_families(await metrics_of(program))
        for sample in family.samples
    ]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


async def metrics_of(program: Program) -> str:
    port = urlsplit(program.http or "").port
    assert port is not None, "workers have probes"
    async with asyncio.timeout(SETTLE_SECONDS):
        while program.process:
            status, text = await asyncio.to_thread(worker.ask, port, "/metrics")
            if status == OK:
                return text
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise AssertionError(f"{program.name} has ended: {program.last_words()}")


async def until_metric(
    is_so: Callable[[float], bool], program: Program, name: str, **labels: str
) -> None:
    async with asyncio.timeout(SETTLE_SECONDS):
        while not is_so(await metric(program, name, **labels)):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
