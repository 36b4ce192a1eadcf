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
from typing import NamedTuple

from deploy.local import ports, programs
from deploy.local.cache import ROOT
from deploy.local.programs import Launch, Program
from shared.settings import Reads

ANSWER_SECONDS = 2.0
STOP_SECONDS = 25.0
# A command waits in Kafka, whoever asks a question waits before a screen; figures: performance.md.
NICENESS_OF_COMMANDS = 5


class Post(NamedTuple):
    """What a worker is there for."""

    service: str
    number: int = 1
    reads: Reads = "everything"

    @property
    def kind(self) -> str:
        return f"{self.service}-{self.reads}" if self.reads == "questions" else self.service

    @property
    def name(self) -> str:
        return self.kind if self.number == 1 else f"{self.kind}-{self.number}"


def post_of(name: str) -> Post:
    """Of a worker that `igny8 up` cares for: questions have workers of their own."""
    kind, _, number = name.partition("-questions")
    if kind != name:
        return Post(kind, int(number.removeprefix("-") or 1), "questions")
    service, _, number = name.partition("-")
    return Post(service, int(number or 1), "commands")


def program(post: Post, home: Path, environment: Mapping[str, str]) -> Program:
    """The worker of a post, in the stack of a data folder."""
    name = post.name
    port = ports.port_of(home, name)
    own = {
        "WORKER_ID": f"{post.kind}-{post.number}",
        "HTTP_PORT": str(port),
        "READS": post.reads,
    }

    def launch() -> Launch:
        ports.need_free(home, name, port)
        command = [sys.executable, "-m", f"services.{post.service}.app"]
        niceness = NICENESS_OF_COMMANDS if post.reads == "commands" else 0
        surroundings = os.environ | environment | own
        # From the checkout: whatever folder one calls from, `services` is ours.
        return Launch(command=command, environment=surroundings, folder=ROOT, niceness=niceness)

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
    worker = program(Post(service, number), Path(environment["IGNY8_DATA"]), environment)
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
