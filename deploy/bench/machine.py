"""What the machine did meanwhile: CPU time of each party, and of everybody else."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import psutil

MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time, or microseconds an operation, of each party."""

    python: float
    postgres: float
    kafka: float

    @property
    def total(self) -> float:
        return self.python + self.postgres + self.kafka

    def plus(self, other: Self) -> Self:
        both = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return type(self)(*map(sum, both))

    def an_operation(self, operations: int) -> Self:
        """Microseconds for each of so many operations, from seconds for all."""
        spent = (getattr(self, party.name) for party in fields(self))
        return type(self)(*(seconds * MICROSECONDS / operations for seconds in spent))


@dataclass(frozen=True, slots=True)
class Reading:
    """All clocks of the machine at one moment, in seconds."""

    at: float
    cpu: Cpu
    bench: float
    machine: float

    def until(self, later: "Reading") -> Cpu:
        """What each party used in between."""
        spent = (
            getattr(later.cpu, one.name) - getattr(self.cpu, one.name) for one in fields(self.cpu)
        )
        return Cpu(*spent)

    def elsewhere_until(self, later: "Reading") -> float:
        """Processors that strangers kept busy in between, other machines (steal) included."""
        ours = self.until(later).total + later.bench - self.bench
        return max(0.0, later.machine - self.machine - ours) / (later.at - self.at)


@dataclass(frozen=True, slots=True)
class Servers:
    """The processes of the two servers."""

    postgres: psutil.Process
    kafka: psutil.Process

    def read(self, workers: Iterable[psutil.Process]) -> Reading:
        python = sum(cpu_seconds(worker) for worker in workers)
        cpu = Cpu(python, cpu_seconds(self.postgres), cpu_seconds(self.kafka))
        own = psutil.Process().cpu_times()
        return Reading(time.perf_counter(), cpu, own.user + own.system, machine_seconds())


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process, of what it started, and of what of that has ended."""
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue  # It has ended: from now on its parent counts it.
        total += times.user + times.system + times.children_user + times.children_system
    return total


def machine_seconds() -> float:
    """Busy time of all processors since the start of the machine; guests are in it already."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - idle - guests)
