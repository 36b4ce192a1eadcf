"""Operations a second: a waiting load, so many processes, and nothing else to wait for."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.bench import laps, reference
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Rate
from deploy.bench.laps import Lap
from deploy.bench.load import (
    REPLY_TOPIC,
    SEED,
    Life,
    Load,
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
NAIVE_OPERATIONS, NAIVE_WARM_UP_OPERATIONS = 1500, 100


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operation is here: how it is published, what record ends it, how it then stands."""

    load: Callable[[Sequence[Life]], Load]
    effect: str
    operations: int
    states: frozenset[str]


RESERVE = Kind(requests_of, REPLY_TOPIC, 60_000, frozenset({"held"}))
REFUSALS = Kind(requests_of, REPLY_TOPIC, 60_000, frozenset({"held", "refused"}))
LIFE = Kind(whole, CreditsCommitted.topic, 40_000, frozenset({"committed"}))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of operation, and who asks for it."""

    name: str
    title: str
    kind: Kind
    processes: int
    accounts: int = ACCOUNTS
    empty_percent: int = 0  # Of the accounts: they have no credits.

    async def measure(self, rig: Rig) -> Rate:
        """Warm up, then repeat; what came out otherwise than it should is no figure."""
        accounts = await self.prepare(rig)
        with working(rig.workers(self.processes)) as crew:
            await laps.run(
                rig, crew, self.load(rig, accounts, WARM_UP_OPERATIONS), self.kind.effect
            )
            measured = [await self.lap(rig, crew, accounts) for _ in range(REPEATS)]
        await self.check(rig, WARM_UP_OPERATIONS + REPEATS * self.kind.operations)
        return Rate.of(self.name, self.title, measured)

    async def prepare(self, rig: Rig) -> Sequence[str]:
        accounts = new_accounts(self.accounts, random.Random(SEED))  # noqa: S311 - The same each run.
        empty = accounts[: self.accounts * self.empty_percent // 100]
        await rig.fund(accounts, empty)
        return accounts

    def load(self, rig: Rig, accounts: Sequence[str], operations: int) -> Load:
        return self.kind.load(rig.pipeline.lives(operations, accounts))

    async def lap(self, rig: Rig, crew: Crew, accounts: Sequence[str]) -> Lap:
        load = self.load(rig, accounts, self.kind.operations)
        return await laps.run(rig, crew, load, self.kind.effect)

    async def check(self, rig: Rig, operations: int) -> None:
        states = await rig.states()
        if states.keys() != self.kind.states or sum(states.values()) != operations:
            raise OperatorError(f"{self.title}: {operations} operations ended as {states}")


@dataclass(frozen=True, slots=True)
class NaiveScenario:
    """The same requests, and their completions after them, for the naive reference."""

    name: str
    title: str
    processes: int
    is_whole: bool

    async def measure(self, rig: Rig) -> Rate:
        accounts = new_accounts(ACCOUNTS, random.Random(SEED))  # noqa: S311 - The same each run.
        await reference.prepare(rig, accounts)
        with working(reference.workers(rig, self.processes)) as crew:
            await self.lap(rig, crew, accounts, NAIVE_WARM_UP_OPERATIONS)
            measured = [
                await self.lap(rig, crew, accounts, NAIVE_OPERATIONS) for _ in range(REPEATS)
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
