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


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process that the stack wants to have; what is noted about it lies in the data folder."""

    name: str
    title: str  # For people.
    home: Path  # The data folder of the stack.
    command: Sequence[str]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] | None = None  # None: that of the starter.
    owner: "pwd.struct_passwd | None" = None  # Who runs it, when not who starts it.
    folder: Path | None = None  # Where it runs.
    prepare: Callable[[], None] = nothing  # Before every start.
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 25.0
    ready_seconds: float = 60.0
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
        self.prepare()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, interrupts.shielded():
            process = Process.of(self.spawn(log.fileno()))
            processes.note(self.record, process)
        return process

    def spawn(self, log: int) -> "subprocess.Popen[bytes]":
        owner = self.owner
        return subprocess.Popen(
            self.command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # A Ctrl-C on the terminal is for us; we stop it in order.
            user=owner and owner.pw_uid,
            group=owner and owner.pw_gid,
            extra_groups=[] if owner else None,
        )

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
        text = self.log.read_bytes()[-LAST_BYTES:].decode(errors="replace").strip()
        return f"{text.splitlines()[-1] if text else 'it said nothing'} (see {self.log})"

    def stop(self) -> None:
        """End it, whoever started it, and forget it."""
        if running := self.process:
            running.stop(self.stop_signal, self.stop_seconds)
        self.record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it as a crash would: nothing of it gets to say goodbye."""
        if running := self.process:
            running.kill()


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
    for program in reversed(programs):
        program.stop()
