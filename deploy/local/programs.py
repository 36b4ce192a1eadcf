"""How one process of the stack is started, asked whether it is ready, and stopped."""

import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import OperatorError
from deploy.local import processes
from deploy.local.interrupts import interrupts
from deploy.local.processes import POLL_SECONDS, Process

LAST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What it takes to start a process."""

    command: Sequence[str]
    environment: Mapping[str, str]
    owner: "pwd.struct_passwd | None" = None  # Who runs it, when not who starts it.
    folder: Path | None = None  # Where it runs.
    niceness: int = 0  # How far it gives way to others who want a processor.


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process that the stack wants to have; what is noted about it lies in the data folder."""

    name: str
    title: str  # For people.
    home: Path  # The data folder of the stack.
    launch: Callable[[], Launch]  # Makes whatever it needs first; called at every start.
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 25.0
    ready_seconds: float = 120.0
    http: str | None = None  # Where its probes and metrics are.

    @property
    def record(self) -> Path:
        return self.home / "run" / f"{self.name}.json"

    @property
    def log(self) -> Path:
        return self.home / "log" / f"{self.name}.log"

    @property
    def process(self) -> Process | None:
        return processes.noted(self.record)

    def start(self) -> Process:
        """Start it when it does not run, and return at once."""
        if running := self.process:
            return running
        launch = self.launch()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, interrupts.shielded():
            process = Process.of(spawn(launch, log.fileno()))
            if launch.niceness:
                process.give_way(launch.niceness)
            processes.note(self.record, process)
        return process

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.ready_seconds
        while not self.is_ready():
            if self.process is None:
                raise OperatorError(f"{self.title} ended before it was ready: {self.last_words()}")
            if time.monotonic() > deadline:
                waited = f"{self.title} is not ready after {self.ready_seconds:.0f} s"
                raise OperatorError(f"{waited}: {self.last_words()}")
            time.sleep(POLL_SECONDS)

    def last_words(self) -> str:
        text = tail_of(self.log).strip()
        return f"{text.splitlines()[-1] if text else 'it said nothing'} (see {self.log})"

    def stop(self) -> None:
        """End it, whoever started it, and forget it."""
        self.ask_to_stop()
        self.finish()

    def ask_to_stop(self) -> None:
        if running := self.process:
            running.ask_to_end(self.stop_signal)

    def finish(self) -> None:
        if running := self.process:
            running.end_within(self.stop_seconds)
        self.record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it as a crash would: nothing of it gets to say goodbye."""
        if running := self.process:
            running.kill()


def tail_of(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LAST_BYTES))
        return file.read().decode(errors="replace")


def spawn(launch: Launch, log: int) -> "subprocess.Popen[bytes]":
    owner = launch.owner
    return subprocess.Popen(
        launch.command,
        env=launch.environment,
        cwd=launch.folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # A Ctrl-C on the terminal is for us; we stop it in order.
        user=owner and owner.pw_uid,
        group=owner and owner.pw_gid,
        extra_groups=[] if owner else None,
    )


@contextmanager
def running(programs: Sequence[Program]) -> Iterator[None]:
    """Have all of them ready in the block, and none of them after it."""
    try:
        for program in programs:
            program.start()
        for program in programs:
            program.wait_until_ready()
        yield
    finally:
        with interrupts.shielded():
            stop(programs)


def stop(programs: Sequence[Program]) -> None:
    """Stop all of them at the same time."""
    for program in programs:
        program.ask_to_stop()
    for program in programs:
        program.finish()
