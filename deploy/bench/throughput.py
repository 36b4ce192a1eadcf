"""Operations a second: a waiting load, so many processes, and nothing else to wait for."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deploy.bench import laps, reference, trace
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Rate
from deploy.bench.laps import Lap
from deploy.bench.load import (
    REPLY_TOPIC,
    SEED,
    Life,
    Load,
    Pipeline,
    completions_of,
    new_accounts,
    requests_of,
    whole,
)
from deploy.bench.rig import Rig
from deploy.errors import OperatorError
from shared.contracts.credits import CreditsCommitted

ACCOUNTS = 1000
REPEATS = 3
WARM_UP_OPERATIONS = 5000
NAIVE_OPERATIONS, NAIVE_WARM_UP_OPERATIONS = 1000, 50

log = logging.getLogger(__name__)

Lives: TypeAlias = Callable[[Pipeline, Sequence[str]], Sequence[Life]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operation is here: how it is published, what record ends it, how it then stands."""

    lives: Lives
    load: Callable[[Sequence[Life]], Load]
    effect: str
    states: frozenset[str]


def drawn(count: int) -> Lives:
    """So many operations of accounts drawn by chance, each as likely as the other."""
    return lambda pipeline, accounts: pipeline.lives(count, accounts)


LATE = "committed_late"  # Its completion was read first.
HELD, CHARGED = frozenset({"held"}), frozenset({"committed"})
RESERVE = Kind(drawn(60_000), requests_of, REPLY_TOPIC, HELD)
REFUSALS = Kind(drawn(60_000), requests_of, REPLY_TOPIC, HELD | {"refused"})
LIFE = Kind(drawn(40_000), whole, CreditsCommitted.topic, CHARGED)
TRACE = Kind(trace.lives, whole, CreditsCommitted.topic, CHARGED)


def same_accounts(count: int) -> list[str]:
    """The same in every run."""
    return new_accounts(count, random.Random(SEED))  # noqa: S311 - Nothing secret.


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of operation, and who asks for it."""

    name: str
    title: str
    kind: Kind
    processes: int
    accounts: int = ACCOUNTS
    empty_percent: int = 0  # Of the accounts: they have no credits.
    repeats: int = REPEATS

    async def measure(self, rig: Rig) -> Rate:
        """Warm up, then repeat; what came out otherwise than it should is no figure."""
        with working(rig.workers(self.processes)) as crew:
            accounts = await self.prepare(rig)
            warm_up = await self.lap(rig, crew, accounts, drawn(WARM_UP_OPERATIONS))
            measured = [
                await self.lap(rig, crew, accounts, self.kind.lives) for _ in range(self.repeats)
            ]
        operations = sum(lap.operations for lap in (warm_up, *measured))
        await check(rig, self.title, self.kind, operations)
        return Rate.of(self.name, self.title, measured)

    async def prepare(self, rig: Rig) -> Sequence[str]:
        """Accounts as they are to be, once what was waiting from before is done."""
        await rig.caught_up()
        accounts = same_accounts(self.accounts)
        await rig.fund(accounts, empty=accounts[: self.accounts * self.empty_percent // 100])
        return accounts

    async def lap(self, rig: Rig, crew: Crew, accounts: Sequence[str], lives: Lives) -> Lap:
        load = self.kind.load(lives(rig.pipeline, accounts))
        return await laps.run(rig, crew, load, self.kind.effect)


async def check(rig: Rig, title: str, kind: Kind, operations: int) -> None:
    """Every operation is there once and ended as it should; what was charged late is told."""
    states = await rig.states()
    late = states.pop(LATE, 0)
    if states.keys() != kind.states or sum(states.values()) + late != operations:
        raise OperatorError(f"{title}: {operations} operations ended as {states}, {late} late")
    if late:
        log.warning("%s: %d of %d were charged late", title, late, operations)


@dataclass(frozen=True, slots=True)
class NaiveScenario:
    """The same requests, and their completions after them, for the naive reference."""

    name: str
    title: str
    processes: int
    is_whole: bool
    operations: int = NAIVE_OPERATIONS
    repeats: int = REPEATS

    async def measure(self, rig: Rig) -> Rate:
        accounts = same_accounts(ACCOUNTS)
        await reference.prepare(rig, accounts)
        with working(reference.workers(rig, self.processes)) as crew:
            await self.lap(rig, crew, accounts, NAIVE_WARM_UP_OPERATIONS)
            measured = [
                await self.lap(rig, crew, accounts, self.operations) for _ in range(self.repeats)
            ]
        return Rate.of(self.name, self.title, measured)

    async def lap(self, rig: Rig, crew: Crew, accounts: Sequence[str], operations: int) -> Lap:
        """Completions only after all requests: it keeps no order between topics."""
        lives = rig.pipeline.lives(operations, accounts)
        reserved = await laps.run(rig, crew, requests_of(lives), REPLY_TOPIC)
        if not self.is_whole:
            return reserved
        return reserved.then(
            await laps.run(rig, crew, completions_of(lives), CreditsCommitted.topic)
        )
