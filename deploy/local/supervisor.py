"""Starts what a data folder should have, and starts again what dies, until it is told to end."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from deploy.errors import OperatorError
from deploy.local import environment, processes, programs, stack, status, wanted
from deploy.local.interrupts import interrupts, orderly
from deploy.local.processes import Process
from deploy.local.programs import Program
from deploy.progress import DONE

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 4.0
STEADY_SECONDS = 30.0  # Who lives this long is no longer held back for earlier deaths.
LOOK_EVERY_SECONDS = 0.2
NOTE_SECONDS = 1.0  # Between taking a data folder and noting who took it.
JOIN_SECONDS = 180.0
END_SECONDS = 120.0  # Every process has its own, shorter limit.
READY = Path("run", "ready")
ALL_READY = "Ready; `igny8 down` stops it"
CLOCK = "CLOCK_OFFSET"

log = logging.getLogger(__name__)


@dataclass
class Care:
    """One program, and how long to wait before it is started the next time."""

    program: Program
    pause: float = FIRST_PAUSE_SECONDS
    since: float = field(default_factory=time.monotonic)  # Of its start, or of its death.
    is_down: bool = True

    def look(self) -> None:
        """Start it again when it is down and has waited."""
        age = time.monotonic() - self.since
        if self.program.process is not None:
            self.is_down = False
            self.pause = FIRST_PAUSE_SECONDS if age > STEADY_SECONDS else self.pause
        elif not self.is_down:
            log.warning("%s died: %s", self.program.name, self.program.last_words())
            self.is_down, self.since = True, time.monotonic()
        elif age > self.pause:
            self.start()

    def start(self) -> None:
        self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)
        self.since = time.monotonic()
        try:
            self.program.start()
        except (OperatorError, OSError) as error:
            log.warning("%s does not start: %s", self.program.name, error)
        else:
            log.warning("%s is started", self.program.name)


def run(home: Path, names: Sequence[str], announce: Callable[[str], None]) -> None:
    """Be the supervisor of a data folder until the end, or ask the one that there is for more."""
    try:
        supervise(home, names, announce)
    except stack.BusyError:
        if not is_supervised_within(home, NOTE_SECONDS):
            raise
        announce(join(home, names))


def supervise(home: Path, names: Sequence[str], announce: Callable[[str], None]) -> None:
    """Start these, announce the environment when all are ready, and care for them until the end."""
    with stack.sole(home), orderly():
        (home / READY).unlink(missing_ok=True)  # A killed one leaves it behind.
        processes.note(home / status.SUPERVISOR, Process.of_this_program())
        try:
            settings = start(home, wanted.add(home, names))
            log.info(ALL_READY, extra=DONE)
            announce(environment.text_of(settings))
            (home / READY).touch()
            with suppress(KeyboardInterrupt):  # Ctrl-C is how one ends it.
                care_for(home, settings)
        finally:
            with interrupts.shielded():
                stop(home)


def start(home: Path, names: Sequence[str]) -> dict[str, str]:
    start_and_wait(wanted.servers_among(wanted.programs(home, names, {})))
    settings = stack.prepare(home)
    start_and_wait(wanted.workers_among(wanted.programs(home, names, settings)))
    return settings


def start_and_wait(started: Sequence[Program]) -> None:
    for program in started:
        log.info("Starting %s", program.title)
        program.start()
    for program in started:
        log.info("Waiting for %s", program.title)
        program.wait_until_ready()


def care_for(home: Path, settings: Mapping[str, str]) -> None:
    """Look at each again and again; what is wanted may grow."""
    names: list[str] = []
    while True:
        if (now := wanted.read(home)) != names:
            names = now
            cares = [Care(program) for program in wanted.programs(home, names, settings)]
        for care in cares:
            care.look()
        time.sleep(LOOK_EVERY_SECONDS)


def stop(home: Path) -> None:
    """Stop what runs on a data folder, services first, whoever started it."""
    everything = wanted.programs(home, wanted.read(home), {})
    groups = wanted.workers_among(everything), wanted.servers_among(everything)
    for group in filter(None, groups):
        log.info("Stopping %s", ", ".join(program.title for program in group))
        programs.stop(group)
    for path in (READY, status.SUPERVISOR, wanted.KEPT):
        (home / path).unlink(missing_ok=True)


def join(home: Path, names: Sequence[str]) -> str:
    """Ask the program that looks after a data folder for these too; wait until all are ready."""
    wanted.add(home, names)
    deadline = time.monotonic() + JOIN_SECONDS
    while missing := missing_in(home):
        if time.monotonic() > deadline:
            raise OperatorError(f"not ready after {JOIN_SECONDS:.0f} s: {', '.join(missing)}")
        time.sleep(LOOK_EVERY_SECONDS)
    settings = environment.read(home)
    if os.environ.get(CLOCK, settings.get(CLOCK)) != settings.get(CLOCK):
        raise OperatorError(f"{home} runs with another {CLOCK}: `igny8 down` first")
    return environment.text_of(settings)


def is_supervised_within(home: Path, seconds: float) -> bool:
    """Whether a supervisor has a data folder, and not a program that only uses a stack."""
    deadline = time.monotonic() + seconds
    while processes.noted(home / status.SUPERVISOR) is None and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
    return processes.noted(home / status.SUPERVISOR) is not None


def missing_in(home: Path) -> list[str]:
    """What is not ready yet: a process, or what is made inside the servers."""
    missing = [row.name for row in status.of(home) if row.state != "running"]
    return missing if (home / READY).exists() else [*missing, "topics and tables"]


def end(home: Path) -> None:
    """Stop a stack, whatever is left of it and of the program that looks after it."""
    if supervisor := processes.noted(home / status.SUPERVISOR):
        supervisor.ask_to_end(SIGTERM)
        supervisor.end_within(END_SECONDS)
    with stack.sole(home):
        stop(home)
