"""Which processes a data folder should have, in the order in which they start."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.errors import OperatorError
from deploy.local import environment, kafka, postgres, worker
from deploy.local.programs import Program
from deploy.local.services import STARTED
from deploy.local.worker import Post

SERVERS = ("kafka", "postgres")  # Kafka first: it takes longer to start.
KEPT = Path("run", "wanted")


def servers() -> list[str]:
    """Our own of what the surroundings do not name."""
    given = {"kafka": environment.is_kafka_given(), "postgres": environment.given_databases()}
    return [name for name in SERVERS if not given[name]]


def names(only: Sequence[str], workers: int) -> list[str]:
    """The servers, and of each service so many workers and one for questions.

    `only` may leave services out.
    """
    if unknown := set(only) - {*SERVERS, *STARTED}:
        raise OperatorError(f"there is no {', '.join(sorted(unknown))} to start")
    services = [service for service in STARTED if service in only or not only]
    if missing := [one for one in services if not environment.is_database_known(one)]:
        raise OperatorError(f"{environment.database_variable(missing[0])} is missing")
    return servers() + [post.name for one in services for post in posts(one, workers)]


def posts(service: str, workers: int) -> list[Post]:
    numbers = range(1, workers + 1)
    return [*(Post(service, number) for number in numbers), Post(service, 1, "questions")]


def add(home: Path, more: Sequence[str]) -> list[str]:
    """Want these too: what a killed supervisor left behind is still to be looked after."""
    wanted = list(dict.fromkeys([*read(home), *more]))
    unfinished = home / KEPT.with_suffix(".unfinished")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(json.dumps(wanted))
    unfinished.replace(home / KEPT)
    return wanted


def read(home: Path) -> list[str]:
    """What is wanted now; nothing after the stack was stopped."""
    try:
        kept: list[str] = json.loads((home / KEPT).read_text())
    except FileNotFoundError:
        return []
    return kept


def programs(home: Path, wanted: Sequence[str], settings: Mapping[str, str]) -> list[Program]:
    own = {"kafka": kafka.program, "postgres": postgres.program}
    return [
        own[name](home) if name in own else worker.program(worker.post_of(name), home, settings)
        for name in wanted
    ]


def servers_among(programs: Sequence[Program]) -> list[Program]:
    return [program for program in programs if program.name in SERVERS]


def workers_among(programs: Sequence[Program]) -> list[Program]:
    return [program for program in programs if program.name not in SERVERS]
