"""Processes that outlive the program that started them, known by pid and start time.

A pid alone is not enough: after a crash or a restart of the machine it may be a stranger's.
"""

import json
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, Signals
from typing import Self

import psutil

# psutil adds the start of the machine, in whole seconds, to the start of the process.
START_TOLERANCE_SECONDS = 2.0
POLL_SECONDS = 0.05
KILL_TIMEOUT_SECONDS = 10.0
KERNEL_PAUSE_SECONDS, KERNEL_TRIES = 0.11, 5

# What this very program started: it must ask for their exit status, or they stay as zombies.
children: "dict[int, subprocess.Popen[bytes]]" = {}


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours, whoever started it."""

    pid: int
    started: float  # Unix time.

    @classmethod
    def of(cls, child: "subprocess.Popen[bytes]") -> Self:
        children[child.pid] = child
        return cls(child.pid, psutil.Process(child.pid).create_time())

    @classmethod
    def of_this_program(cls) -> Self:
        return cls(os.getpid(), psutil.Process().create_time())

    @property
    def is_alive(self) -> bool:
        if child := children.get(self.pid):
            if child.poll() is None:
                return True
            del children[self.pid]
        try:
            found = psutil.Process(self.pid)
            is_ours = abs(found.create_time() - self.started) < START_TOLERANCE_SECONDS
            return is_ours and found.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def send(self, number: Signals) -> None:
        if self.is_alive:
            os.kill(self.pid, number)

    def give_way(self, niceness: int) -> None:
        """Have others run first who want a processor, too; where that is not granted, go on.

        Where the kernel groups processes by session (sched(7), "The autogroup feature"), niceness
        counts within a session only, and each of ours has one of its own: so the group is nice.
        """
        with suppress(psutil.Error, OSError):
            process = psutil.Process(self.pid)
            niceness = max(niceness, process.nice())
            process.nice(niceness)
            make_session_nice(self.pid, niceness)

    def ask_to_end(self, number: Signals) -> None:
        self.send(number)
        self.send(SIGCONT)  # A frozen process hears nothing else.

    def end_within(self, seconds: float) -> None:
        """Wait for its end, and after so long bring it about."""
        if not self.is_gone_within(seconds):
            self.kill()

    def kill(self) -> None:
        """End it at once, with what it started when it leads a group of its own."""
        if self.is_alive:
            kill = os.killpg if os.getpgid(self.pid) == self.pid else os.kill
            kill(self.pid, SIGKILL)
            self.is_gone_within(KILL_TIMEOUT_SECONDS)

    def is_gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return not self.is_alive


def make_session_nice(pid: int, niceness: int) -> None:
    """Try some times: of ordinary users the kernel takes ten changes a second in all."""
    for _ in range(KERNEL_TRIES):
        with suppress(BlockingIOError):
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness))
            return
        time.sleep(KERNEL_PAUSE_SECONDS)


def note(record: Path, process: Process) -> None:
    """Keep who it is, in one step: a reader sees the old note or the new one."""
    record.parent.mkdir(parents=True, exist_ok=True)
    unfinished = record.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(asdict(process)))
    unfinished.replace(record)


def noted(record: Path) -> Process | None:
    """Find a process that somebody started and noted, when it is still there."""
    try:
        process = Process(**json.loads(record.read_text()))
    except FileNotFoundError:
        return None
    return process if process.is_alive else None
