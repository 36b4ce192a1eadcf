"""The operator's program starts fast: a command loads what it needs, and no more."""

import subprocess
import sys

import pytest

from tests.docs.reading import ROOT

LOADED = """
import sys
from deploy import cli
cli.add_commands(sys.argv[1])
print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.mark.parametrize("command", ["status", "dlq", "topics"])
def test_a_command_that_touches_no_table_loads_nothing_that_makes_them(command: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED, command],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert {"alembic", "sqlalchemy"} & set(told.stdout.split()) == set()
