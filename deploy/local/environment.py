"""What the processes of a stack are told: where everything is, kept as `DIR/env`."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import OperatorError
from deploy.local import keys, ports
from deploy.local.databases import url_of
from deploy.local.services import SERVICES, STARTED

FILE = "env"
KAFKA = "KAFKA_BOOTSTRAP_SERVERS"
WEB = "http://127.0.0.1:8080"  # Only for the links in mails.
# What is said to the program that starts a stack, and holds for all that it starts.
PASSED_ON = ("KAFKA_PARTITIONS", "KAFKA_REPLICATION", "CLOCK_OFFSET")


def database_variable(service: str) -> str:
    return f"{service.upper()}_DATABASE_URL"


def is_kafka_given() -> bool:
    """Whether the surroundings name a Kafka, so that the stack needs none of its own."""
    return bool(os.environ.get(KAFKA))


def given_databases() -> dict[str, str]:
    """The databases that the surroundings name; with any of them the stack starts none."""
    variables = map(database_variable, SERVICES)
    return {name: os.environ[name] for name in variables if os.environ.get(name)}


def is_database_known(service: str) -> bool:
    given = given_databases()
    return not given or database_variable(service) in given


def make(home: Path) -> dict[str, str]:
    """Put together what the services need, from what was given and what is our own."""
    private, public = keys.make(home / "keys")
    objects = home / "objects"
    objects.mkdir(exist_ok=True)
    return {
        KAFKA: os.environ.get(KAFKA) or f"127.0.0.1:{ports.port_of(home, 'kafka')}",
        **(given_databases() or own_databases(home)),
        "ACTOR_PUBLIC_KEY_FILE": str(public),
        "ACTOR_PRIVATE_KEY_FILE": str(private),
        **{f"{one.upper()}_HTTP": http_of(home, one) for one in STARTED},
        "OBJECT_STORE_URL": objects.as_uri(),
        "WEB_BASE_URL": os.environ.get("WEB_BASE_URL") or WEB,
        "IGNY8_DATA": str(home),
        "ENVIRONMENT": os.environ.get("ENVIRONMENT") or "development",
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    }


def own_databases(home: Path) -> dict[str, str]:
    port = ports.port_of(home, "postgres")
    return {database_variable(service): url_of(service, port) for service in SERVICES}


def http_of(home: Path, service: str) -> str:
    """Where the probes and metrics of its first worker are."""
    return f"http://127.0.0.1:{ports.port_of(home, service)}"


def text_of(environment: Mapping[str, str]) -> str:
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())


def write(home: Path, environment: Mapping[str, str]) -> None:
    (home / FILE).write_text(text_of(environment))


def known(home: Path) -> dict[str, str]:
    """Give what the surroundings say, and for the rest what the stack of a data folder has.

    Where there is no local stack, in production, the surroundings say it all.
    """
    return (read(home) if (home / FILE).exists() else {}) | os.environ


def read(home: Path) -> dict[str, str]:
    """Give what the stack of a data folder wrote when it started."""
    try:
        lines = (home / FILE).read_text().splitlines()
    except FileNotFoundError as error:
        raise OperatorError(f"there is no stack in {home}: `igny8 up` makes one") from error
    pairs = (line.split("=", 1) for line in lines)
    return {name: "".join(shlex.split(value)) for name, value in pairs}
