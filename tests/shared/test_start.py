"""A process that cannot start says in one line which server it lacks, and ends with an error.

What may never happen:

1. It ends in lines that are no JSON objects: whoever collects them could not read it.
2. The line tells how one logs in.
"""

import os
import subprocess
import sys
from collections.abc import Mapping

import msgspec
import pytest

from shared.contracts.types import JsonObject
from tests.docs.reading import ROOT

SECRET = "open-sesame"  # noqa: S105 - Nobody's.
NOWHERE = "127.0.0.1:1"
DATABASE, KAFKA = "CREDITS_DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"


def last_line(**said: str) -> JsonObject:
    """What a worker says at its end that was told this alone."""
    ended = subprocess.run(
        [sys.executable, "-m", "services.credits.app"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **said},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert SECRET not in ended.stdout
    lines: list[JsonObject] = [msgspec.json.decode(line) for line in ended.stdout.splitlines()]
    return lines[-1]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"postgresql://credits:{SECRET}@{NOWHERE}/credits", "refused"),
        (f"mysql://credits:{SECRET}@{NOWHERE}/credits", "no address"),
        (f"postgresql://credits:7@{NOWHERE}{SECRET}/credits", "no address"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named(url: str, reason: str) -> None:
    said = last_line(**{DATABASE: url, KAFKA: NOWHERE})

    assert (said["event"], said["level"], said["service"]) == (
        "could not start",
        "critical",
        "credits",
    )
    assert said["reason"].startswith(f"{DATABASE}: ")
    assert reason in said["reason"]


def test_a_database_that_lets_nobody_in_and_a_broker_that_is_away_are_named(
    environment: Mapping[str, str],
) -> None:
    there = environment[DATABASE]
    elsewhere = there.rpartition("/")[0] + "/not-there"

    assert last_line(**{DATABASE: elsewhere, KAFKA: NOWHERE})["reason"].startswith(DATABASE)
    assert last_line(**{DATABASE: there, KAFKA: NOWHERE})["reason"].startswith(KAFKA)
