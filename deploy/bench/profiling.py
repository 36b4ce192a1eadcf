"""Where the processor time of one worker goes, by samples taken inside it."""

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence

import msgspec

from deploy.bench.crew import Crew, working
from deploy.bench.kinds import drawn
from deploy.bench.rig import Rig, with_command
from deploy.bench.samples import START, STOP, Profile
from deploy.bench.throughput import REPEATS, WARM_UP_OPERATIONS, Scenario
from deploy.local.cache import ROOT

MODULE = "deploy.bench.profiled"
SHOWN = 40
STANDARD_LIBRARY = sysconfig.get_path("stdlib")


async def profile(rig: Rig, scenario: Scenario) -> Profile:
    """Run a scenario on one worker that watches itself, after a warm-up."""
    rig, output = rig.of(scenario.kind.subject), rig.home / "profile.json"
    (program,) = rig.workers(1)
    command = [sys.executable, "-m", MODULE, str(output), rig.subject.name]
    with working([with_command(program, command)]) as crew:
        accounts = await scenario.prepare(rig)
        await scenario.lap(rig, crew, accounts, drawn(WARM_UP_OPERATIONS))
        tell(crew, START)
        for _ in range(REPEATS):
            await scenario.lap(rig, crew, accounts, scenario.kind.lives)
        tell(crew, STOP)
    return msgspec.json.decode(output.read_bytes(), type=Profile)


def tell(crew: Crew, number: int) -> None:
    for process in crew.processes():
        os.kill(process.pid, number)


def written(profile: Profile) -> Iterator[str]:
    """The functions that were at work most, those under which most happened, and the lines."""
    samples = sum(own for _, own, _ in profile.functions) or 1
    yield f"{samples} samples"
    yield from table("itself", [(name, own) for name, own, _ in profile.functions], samples)
    yield from table("with callees", [(name, all_) for name, _, all_ in profile.functions], samples)
    yield from table("line", profile.lines, samples)


def table(title: str, counts: Sequence[tuple[str, int]], samples: int) -> Iterator[str]:
    yield f"\n{title:>13}"
    for name, count in sorted(counts, key=lambda row: -row[1])[:SHOWN]:
        yield f"{count / samples:13.1%}  {short(name)}"


def short(name: str) -> str:
    """A place in the code as one reads it: below the checkout, or below Python's own folders."""
    inside = name.rpartition(f"site-packages{os.sep}")[2].removeprefix(f"{ROOT}{os.sep}")
    return inside.removeprefix(f"{STANDARD_LIBRARY}{os.sep}")
