"""The soak: load and mischief for so long, then quiet, and everything must be accounted for."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from aiokafka.errors import KafkaError

from deploy.local import programs
from deploy.verify import verify
from shared.contracts import limits
from shared.contracts.credits import OBEYED
from shared.contracts.types import JsonObject
from shared.envelope import Outgoing
from shared.verifying import BUSY
from tests.faults.scene import Scene
from tests.soak.mischief import Mischief
from tests.soak.mix import Mix

TOPICS = [message.topic for message in OBEYED]
TOPICS_OF_LIMITS = [message.topic for message in limits.OBEYED]
WORKERS_OF_LIMITS = 2
SERVICES = ["credits", "limits"]
SEND_AGAIN_SECONDS, SEND_WITHIN_SECONDS = 0.5, 30.0
SHOW_EVERY_SECONDS = 10.0
CHARGED = """
    SELECT coalesce(sum(charged), 0)::bigint FROM reservations WHERE account_id = ANY($1::uuid[])
"""
SITES = """
    SELECT coalesce(sum(used), 0)::bigint FROM counters
    WHERE account_id = ANY($1::uuid[]) AND limit_type = 'sites'
"""
APPLIED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM kafka_offsets"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How long, how much, and how rough."""

    seconds: float
    workers: int
    lives_a_second: int
    between_kills_seconds: tuple[float, float]
    seed: int


@dataclass(frozen=True)
class Verdict:
    """What came of it."""

    seed: int
    told: int
    kills: Counter[str]
    answers: Counter[str]
    charged: int
    to_be_charged: int
    sites: int
    sites_made: int
    violations: Sequence[str]

    @property
    def is_green(self) -> bool:
        """Nothing lost, nothing twice: articles and sites count once, and the books balance."""
        counted = self.charged, self.sites
        return counted == (self.to_be_charged, self.sites_made) and not self.violations

    def in_words(self) -> JsonObject:
        return {
            "ok": self.is_green,
            "seed": self.seed,
            "told": self.told,
            "kills": dict(self.kills),
            "answers": dict(self.answers),
            "charged": self.charged,
            "to_be_charged": self.to_be_charged,
            "sites": self.sites,
            "sites_made": self.sites_made,
            "violations": list(self.violations),
        }


async def soak(scene: Scene, plan: Plan) -> Verdict:
    chance, other = random.Random(plan.seed), replace(scene, service="limits")
    workers = [scene.worker(number) for number in range(1, plan.workers + 1)]
    workers += [other.worker(number) for number in range(1, WORKERS_OF_LIMITS + 1)]
    mix = Mix(chance, scene.environment, plan.lives_a_second)
    mischief = Mischief(scene, workers, chance, plan.between_kills_seconds)
    with programs.running(workers):
        await surely_told(scene, [*mix.funding(), *mix.limits.plans()])
        await rough_time(scene, plan, mix, mischief)
        log.info("quiet: waiting until everything is applied")
        await mischief.make_good()
        await scene.settled(*TOPICS)
        await other.settled(*TOPICS_OF_LIMITS)
        violations = await broken_in(scene)  # While they work: what is due by now is swept.
    answers = await scene.answered(mix.asked) + await other.answered(mix.limits.asked)
    charged = await scene.value(CHARGED, mix.owners), mix.charged
    sites = await other.value(SITES, mix.limits.owners), mix.limits.sites
    return Verdict(plan.seed, mix.said, mischief.kills, answers, *charged, *sites, violations)


async def rough_time(scene: Scene, plan: Plan, mix: Mix, mischief: Mischief) -> None:
    """Load on one side, mischief on the other; who ends is started again."""
    others = [
        asyncio.create_task(task)
        for task in (mischief.go_on(), mischief.keep_running(), shown(scene, mix, plan.seconds))
    ]
    load = asyncio.create_task(told_for(scene, mix, plan.seconds))
    try:
        await asyncio.wait([load, *others], return_when=asyncio.FIRST_COMPLETED)
        for task in (load, *others):
            if task.done():
                task.result()  # What none of them should die of is ours, too.
    finally:
        for task in (load, *others):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(load, *others)


async def told_for(scene: Scene, mix: Mix, seconds: float) -> None:
    """A second's worth every second; what could not be sent is made up for."""
    begin, told = time.monotonic(), 0
    while (passed := time.monotonic() - begin) < seconds:
        if told > passed:
            await asyncio.sleep(told - passed)
        await surely_told(scene, mix.second())
        told += 1


async def surely_told(scene: Scene, records: Sequence[Outgoing]) -> None:
    """A client that goes on until the broker has taken it: perhaps twice, never not."""
    while True:
        try:
            async with asyncio.timeout(SEND_WITHIN_SECONDS):
                return await scene.publish(records)
        except (KafkaError, OSError, TimeoutError):
            await asyncio.sleep(SEND_AGAIN_SECONDS)


async def shown(scene: Scene, mix: Mix, seconds: float) -> None:
    begin = time.monotonic()
    while True:
        await asyncio.sleep(SHOW_EVERY_SECONDS)
        passed, applied = time.monotonic() - begin, await scene.value(APPLIED)
        log.info("%4.0f of %.0f s: %d told, %d applied", passed, seconds, mix.said, applied)


async def broken_in(scene: Scene) -> list[str]:
    report = await verify(scene.environment, SERVICES, BUSY)
    return [f"{i.id}: {i.finding.violations[:3]}" for i in report.invariants if i.finding.broken]
