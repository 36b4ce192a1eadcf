"""How long an answer takes, at a steady rate and when real traffic bursts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.bench import trace
from deploy.bench.asker import Asker, Due
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Delay, Spread
from deploy.bench.load import REPLY_TOPIC, Life
from deploy.bench.rig import Rig
from deploy.bench.subjects import CREDITS, Subject
from deploy.bench.throughput import ACCOUNTS, same_accounts

WARM_UP_REQUESTS_A_SECOND, WARM_UP_SECONDS = 200, 2
PERCENTILES = 0.5, 0.99, 0.999


@dataclass(frozen=True, slots=True)
class Waits:
    """What the answers of one repeat took."""

    milliseconds: Sequence[float]  # Sorted.
    elsewhere: float

    def percentile(self, part: float) -> float:
        return percentile(self.milliseconds, part)


def percentile(milliseconds: Sequence[float], part: float) -> float:
    """What so large a part of the requests did not wait longer than; the waits are sorted."""
    return milliseconds[int(part * (len(milliseconds) - 1))]


def due(seconds: float, life: Life) -> Due:
    return Due(seconds, life.operation_id, life.request)


def steadily(rig: Rig, accounts: Sequence[str], rate: int, seconds: int) -> list[Due]:
    lives = rig.lives(rate * seconds, accounts)
    return [due(number / rate, life) for number, life in enumerate(lives)]


@dataclass(frozen=True, slots=True)
class Latency:
    """Requests by a plan, so often over."""

    name: str
    title: str
    processes: int
    plan: Callable[[Rig, Sequence[str]], Sequence[Due]]
    repeats: int
    accounts: int = ACCOUNTS
    subject: Subject = CREDITS

    async def measure(self, rig: Rig) -> Delay:
        rig, accounts = rig.of(self.subject), same_accounts(self.accounts)
        warm_up = steadily(rig, accounts, WARM_UP_REQUESTS_A_SECOND, WARM_UP_SECONDS)
        with working(rig.workers(self.processes)) as crew:
            await rig.caught_up()
            await rig.fund(accounts)
            async with Asker.connected(rig, REPLY_TOPIC) as asker:
                await asker.ask(warm_up)
                plans = [self.plan(rig, accounts) for _ in range(self.repeats)]
                waits = [await repeat(rig, crew, asker, plan) for plan in plans]
        return self.delay_of(waits)

    def delay_of(self, waits: Sequence[Waits]) -> Delay:
        p50, p99, p999 = (Spread.of(one.percentile(p) for one in waits) for p in PERCENTILES)
        elsewhere = Spread.of(one.elsewhere for one in waits)
        asked = len(waits[0].milliseconds)
        return Delay(self.name, self.title, p50, p99, p999, asked, self.repeats, elsewhere)


async def repeat(rig: Rig, crew: Crew, asker: Asker, plan: Sequence[Due]) -> Waits:
    before = rig.servers.read(crew.processes())
    milliseconds = sorted(answer.milliseconds for answer in await asker.ask(plan))
    return Waits(milliseconds, before.elsewhere_until(rig.servers.read(crew.processes())))


def steady(
    name: str,
    rate: int,
    seconds: int,
    repeats: int,
    processes: int = 2,
    subject: Subject = CREDITS,
) -> Latency:
    """So many requests a second, evenly."""

    def plan(rig: Rig, accounts: Sequence[str]) -> list[Due]:
        return steadily(rig, accounts, rate, seconds)

    what = "Reply" if subject is CREDITS else f"Reply of {subject.name}"
    title = f"{what} at {rate:,}/s, {counted(processes)}"
    return Latency(name, title, processes, plan, repeats, subject=subject)


def counted(processes: int) -> str:
    return "1 process" if processes == 1 else f"{processes} processes"


def bursts(name: str, times_faster: int) -> Latency:
    """The arrivals of real traffic, so many times faster."""
    title = f"Reply, real trace {times_faster} times faster, 2 processes"

    def plan(rig: Rig, accounts: Sequence[str]) -> list[Due]:
        lives = trace.lives(rig.pipeline, accounts)
        moments = (call.seconds / times_faster for call in trace.calls())
        return [due(moment, life) for moment, life in zip(moments, lives, strict=True)]

    return Latency(name, title, 2, plan, repeats=1, accounts=trace.ACCOUNTS)
