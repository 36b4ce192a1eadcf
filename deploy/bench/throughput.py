"""Operations a second: a waiting load, so many processes, and nothing else to wait for."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.bench import reference
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Rate
from deploy.bench.kinds import Kind, Lives, drawn
from deploy.bench.laps import Lap
from deploy.bench.load import SEED, new_accounts
from deploy.bench.rig import Rig
from deploy.errors import OperatorError

ACCOUNTS = 1000
REPEATS = 3
WARM_UP_OPERATIONS = 5000
NAIVE_WARM_UP_OPERATIONS = 500  # Until the broker, too, has compiled what so small batches need.
LATE = "committed_late"  # Its completion was read first.

log = logging.getLogger(__name__)


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
    empty_percent: int = 0  # Of the accounts: they have nothing.
    repeats: int = REPEATS

    async def measure(self, rig: Rig) -> Rate:
        """Warm up, then repeat; what came out otherwise than it should is no figure."""
        rig = rig.of(self.kind.subject)
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
        return await self.kind.lap(rig, crew, lives(rig, accounts))


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
    """The same operations, done by the naive reference."""

    name: str
    title: str
    kind: Kind
    processes: int
    repeats: int = REPEATS

    async def measure(self, rig: Rig) -> Rate:
        rig, accounts = rig.of(self.kind.subject), same_accounts(ACCOUNTS)
        await reference.prepare(rig, accounts)
        with working(reference.workers(rig, self.processes)) as crew:
            await self.kind.lap(rig, crew, rig.lives(NAIVE_WARM_UP_OPERATIONS, accounts))
            measured = [
                await self.kind.lap(rig, crew, self.kind.lives(rig, accounts))
                for _ in range(self.repeats)
            ]
        return Rate.of(self.name, self.title, measured)
