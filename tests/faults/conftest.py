"""A stack of its own for each folder run: what is done to it must not meet other tests."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from deploy.local import places, stack
from tests.faults.scene import Scene

SESSION_SECONDS = "8"  # A test with one worker need not wait long for the second of another test.


@pytest.fixture(scope="package")
def scene(environment: dict[str, str]) -> Iterator[Scene]:
    """Servers that may be killed; `environment` only says that this test needs servers."""
    assert environment
    home = Path(mkdtemp(prefix="igny8-faults-"))
    home.chmod(0o755)
    try:
        with stack.running(home) as settings:
            yield Scene(home, {**settings, "SESSION_SECONDS": SESSION_SECONDS})
    finally:
        places.remove(home)
