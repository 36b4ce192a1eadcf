"""One run as it is kept: when, on what, the figures, and what they show."""

import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from deploy.bench.figures import Duration, Figure
from deploy.bench.rig import Rig
from deploy.bench.targets import Measured, Verdict, judge
from deploy.local import kafka

PACKAGES = ("igny8", "aiokafka", "asyncpg", "msgspec", "sqlalchemy", "uvloop")
CPU_INFO = Path("/proc/cpuinfo")
GIBIBYTE = 1024**3


class Machine(Struct, frozen=True):
    """What everything ran on, all parties and the one who asks together."""

    system: str
    processor: str
    cores: int
    memory_gibibytes: int


class Report(Struct, frozen=True):
    """A whole run; `docs/figures/bench.json` is this."""

    date: str
    machine: Machine
    versions: Mapping[str, str]
    figures: Sequence[Figure]
    targets: Sequence[Verdict]
    failures: Sequence[str]  # What could not be measured, and why.
    elsewhere: float  # Processors that other programs kept busy, in the middle of all figures.


class Summary(Struct, frozen=True):
    """The last line: operations a second with two processes, of credits and of limits."""

    system: float | None
    naive: float | None
    times_naive: float | None
    system_lives: float | None
    naive_lives: float | None
    system_limits: float | None
    naive_limits: float | None
    times_naive_limits: float | None
    targets: int
    targets_met: int


async def report(rig: Rig, figures: Sequence[Figure], failures: Sequence[str]) -> Report:
    installed = {name: version(name) for name in PACKAGES}
    versions = {
        "python": platform.python_version(),
        "postgresql": str(await rig.database.fetchval("SHOW server_version")),
        "kafka": kafka.TITLE.rpartition(" ")[2],
        **installed,
    }
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    others = [f.elsewhere.median for f in figures if not isinstance(f, Duration)]
    elsewhere = statistics.median(others) if others else 0.0
    return Report(date, machine(), versions, figures, judge(figures), failures, elsewhere)


def machine() -> Machine:
    return Machine(
        f"{platform.system()} {platform.release()} {platform.machine()}",
        processor(),
        psutil.cpu_count() or 1,
        round(psutil.virtual_memory().total / GIBIBYTE),
    )


def processor() -> str:
    """Its name, where the system tells it."""
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def written(report: Report) -> bytes:
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def summary(report: Report) -> Summary:
    known = Measured(report.figures)
    system, naive = rate(known, "reserve-2"), rate(known, "naive-reserve")
    limits, naive_limits = rate(known, "limits-hold-2"), rate(known, "naive-limits-hold")
    return Summary(
        system,
        naive,
        times(system, naive),
        rate(known, "life-2"),
        rate(known, "naive-life"),
        limits,
        naive_limits,
        times(limits, naive_limits),
        len(report.targets),
        sum(verdict.is_met for verdict in report.targets),
    )


def times(ours: float | None, naive: float | None) -> float | None:
    """None where one of them was not measured."""
    return round(ours / naive, 1) if ours and naive else None


def rate(known: Measured, name: str) -> float | None:
    """None for what was not measured."""
    try:
        return round(known.rate(name), 1)
    except KeyError:
        return None
