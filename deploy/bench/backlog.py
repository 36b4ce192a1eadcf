"""Catching up after an outage: everything was asked and reported while no worker ran."""

from dataclasses import dataclass

from deploy.bench import laps
from deploy.bench.crew import working
from deploy.bench.figures import Rate
from deploy.bench.kinds import LIFE
from deploy.bench.load import whole
from deploy.bench.rig import Rig
from deploy.bench.throughput import ACCOUNTS, check, same_accounts

LIVES = 250_000  # Two records each.


@dataclass(frozen=True, slots=True)
class Backlog:
    """Whole lives that wait, and workers that are started then."""

    name: str
    title: str
    processes: int
    lives: int = LIVES

    async def measure(self, rig: Rig) -> Rate:
        accounts = same_accounts(ACCOUNTS)
        with working(rig.workers(self.processes)):
            await rig.caught_up()
        await rig.fund(accounts)
        start = await rig.length(LIFE.effect)
        await rig.publish(whole(rig.pipeline.lives(self.lives, accounts)))
        with working(rig.workers(self.processes)) as crew:
            first = await rig.length(LIFE.effect)
            began = rig.servers.read(crew.processes())
            last = await laps.reach(rig, crew, LIFE.effect, start + self.lives)
            ended = rig.servers.read(crew.processes())
        await check(rig, self.title, LIFE, self.lives)
        rate = (last - first) / (ended.at - began.at)
        return Rate.of(self.name, self.title, [laps.lap(crew, last - first, rate, (began, ended))])
