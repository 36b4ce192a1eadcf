"""Processes of a service, started and stopped as an operator does it.

Each has a stable name: killed and started again, it has its partitions back in a second. Without
one the broker waits ten seconds for the dead member, and the new one waits with it.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from deploy.local import ports, programs
from deploy.local.cache import ROOT
from deploy.local.programs import Launch, Program

ANSWER_SECONDS = 2.0
STOP_SECONDS = 25.0


def name_of(service: str, number: int) -> str:
    return service if number == 1 else f"{service}-{number}"


def parts_of(name: str) -> tuple[str, int]:
    service, _, number = name.partition("-")
    return service, int(number or 1)


def program(service: str, number: int, home: Path, environment: Mapping[str, str]) -> Program:
    """The worker of that number of a service, in the stack of a data folder."""
    name = name_of(service, number)
    port = ports.port_of(home, name)
    own = {"WORKER_ID": f"{service}-{number}", "HTTP_PORT": str(port)}

    def launch() -> Launch:
        ports.need_free(home, name, port)
        command = [sys.executable, "-m", f"services.{service}.app"]
        # From the checkout: whatever folder one calls from, `services` is ours.
        return Launch(command=command, environment=os.environ | environment | own, folder=ROOT)

    return Program(
        name=name,
        title=name,
        home=home,
        launch=launch,
        is_ready=lambda: is_ready(port),
        stop_seconds=STOP_SECONDS,
        http=f"http://127.0.0.1:{port}",
    )


@contextmanager
def running(service: str, environment: Mapping[str, str], number: int = 1) -> Iterator[Program]:
    """Have a worker that is ready, and let it finish its poll at the end of the block.

    In between `kill()`, `start()`, `wait_until_ready()` and `process.send(SIGSTOP)` do to it what
    happens to workers.
    """
    worker = program(service, number, Path(environment["IGNY8_DATA"]), environment)
    with programs.running([worker]):
        yield worker


def is_ready(port: int) -> bool:
    status, _ = ask(port, "/ready")
    return 200 <= status < 300


def ask(port: int, path: str) -> tuple[int, str]:
    """Give status and body of an answer on loopback; no answer is status 0."""
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()
