"""One real Kafka and one real PostgreSQL for the whole test session."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from deploy.local import environment as surroundings
from deploy.local import places, stack

WHOLE_SYSTEM = {"benchmarks", "faults", "journeys"}  # Folders whose tests start what they need.


def pytest_configure() -> None:
    """A shell starts what runs in the background deaf to Ctrl-C, and with it all its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """Say which servers the suite runs on."""
    kafka = os.environ.get(surroundings.KAFKA) or "our own"
    databases = ", ".join(surroundings.given_databases()) or "our own"
    return f"kafka: {kafka}; postgres: {databases}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs servers: `-m "not servers"` is the quick part."""
    for item in items:
        asks = isinstance(item, pytest.Function) and "environment" in item.fixturenames
        if asks or WHOLE_SYSTEM & set(item.path.relative_to(item.config.rootpath).parts):
            item.add_marker("servers")


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A data folder that PostgreSQL's user can get to, which pytest's own folders are not."""
    home = Path(mkdtemp(prefix="igny8-tests-"))
    home.chmod(0o755)
    yield home
    places.remove(home)


@pytest.fixture(scope="session")
def environment(home: Path) -> Iterator[dict[str, str]]:
    """What a service is told: as in `DIR/env` of an operator."""
    with stack.running(home) as environment:
        yield environment
