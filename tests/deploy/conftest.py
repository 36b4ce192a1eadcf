"""Data folders that no other test knows, and the operator's program as he calls it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import msgspec
import psutil
import pytest
import pytest_asyncio

from deploy.local import places, status, supervisor
from deploy.local.environment import KAFKA
from deploy.local.status import Row
from tests.deploy import desk as desks
from tests.deploy import traffic

PATIENCE_SECONDS = 180.0
GIVEN = {KAFKA, "CREDITS_DATABASE_URL", "LIMITS_DATABASE_URL", "CLOCK_OFFSET"}


class Noted(msgspec.Struct):
    pid: int


@dataclass
class Operator:
    """Somebody who calls `igny8` on one data folder."""

    data: Path
    surroundings: dict[str, str]

    def calls(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Call a command to its end; environment variables by name."""
        return subprocess.run(
            self.command(*arguments),
            env=self.surroundings | more,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def starts(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            env=self.surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "deploy.cli", *arguments, "--data", str(self.data)]

    def sees(self) -> dict[str, Row]:
        """Look as `igny8 status` does, without the start of a program."""
        return {row.name: row for row in status.of(self.data.resolve())}

    def kills(self, name: str) -> int:
        """End a process of the stack as a crash would; give its pid."""
        noted = msgspec.json.decode((self.data / "run" / f"{name}.json").read_bytes(), type=Noted)
        os.kill(noted.pid, signal.SIGKILL)
        eventually(lambda: not psutil.pid_exists(noted.pid) or is_zombie(noted.pid))
        return noted.pid

    def leftovers(self) -> list[list[str]]:
        """Give the command of every process that works on the data folder."""
        real = str(self.data.resolve())
        commands = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
        return [one for one in commands if any(real in word for word in one)]


@pytest.fixture
def operator() -> Iterator[Operator]:
    """An operator with an empty data folder below one that everybody may enter."""
    above = Path(mkdtemp(prefix="igny8-tests-"))
    above.chmod(0o755)
    operator = Operator(above / "data", own_surroundings())
    yield operator
    if operator.data.exists():
        supervisor.end(operator.data.resolve())
        places.remove(operator.data)
    places.remove(above)


@pytest.fixture
def borrower(operator: Operator, environment: dict[str, str]) -> Operator:
    """An operator whose stack uses a Kafka that runs: to start one takes longest of all."""
    operator.surroundings[KAFKA] = environment[KAFKA]
    return operator


@pytest.fixture(scope="session")
def books() -> Iterator[traffic.Stack]:
    """A stack of its own that has done some work and is quiet."""
    with traffic.quiet_stack() as made:
        yield made


@pytest.fixture
def keeper(books: traffic.Stack) -> Operator:
    """Who looks after the books that the tests share: he calls commands, and ends nothing."""
    return Operator(books.home, own_surroundings())


@pytest_asyncio.fixture
async def desk(books: traffic.Stack) -> AsyncIterator[desks.Desk]:
    async with desks.opened(books) as made:
        yield made


def own_surroundings() -> dict[str, str]:
    """Ours without what would name servers."""
    return {name: value for name, value in os.environ.items() if name not in GIVEN}


def is_zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; an assertion when it is not for too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
