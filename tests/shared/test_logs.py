"""What a process writes: JSON a line, by which a record is found again, and nothing of its content.

What may never happen:

1. A line is no JSON object: whoever collects them could not read it.
2. A payload, a header, a token or a password is in a line, or in what an exception says.
3. A line about a record does not say where it lies, whose it is and by which name it is followed.
"""

import subprocess
import sys
from datetime import datetime

import msgspec
import pytest

from shared.contracts.types import JsonObject
from tests.docs.reading import ROOT
from tests.making import ANN, partition_for, requested
from tests.shared.talkative import CORRELATION, SECRET, SERVICE, WORKER


@pytest.fixture(scope="module")
def written() -> str:
    command = [sys.executable, "-m", "tests.shared.talkative"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.fixture
def lines(written: str) -> list[JsonObject]:
    return [msgspec.json.decode(line) for line in written.splitlines()]


def about(lines: list[JsonObject], event: str) -> list[JsonObject]:
    found = [line for line in lines if line["event"] == event]
    assert found, f"nothing was said of {event!r}"
    return found


def test_every_line_is_an_object_that_says_who_when_and_how_bad(lines: list[JsonObject]) -> None:
    for line in lines:
        assert (line["service"], line["worker"]) == (SERVICE, WORKER)
        assert line["level"] in {"info", "warning", "error", "critical"}
        said_at = datetime.fromisoformat(line["timestamp"])
        assert said_at.utcoffset() is not None


def test_no_line_holds_what_a_record_a_header_or_a_row_said(written: str) -> None:
    assert SECRET not in written


def test_what_is_not_wanted_is_not_said(written: str) -> None:
    assert "nobody wants to know" not in written


@pytest.mark.parametrize(("event", "count"), [("refused", 1), ("set aside", 3)])
def test_a_line_about_a_record_says_by_what_it_is_found_again(
    lines: list[JsonObject], event: str, count: int
) -> None:
    found = about(lines, event)

    assert len(found) == count
    for line in found:
        assert line["account_id"] == ANN
        assert line["correlation_id"] == CORRELATION.decode()
        assert line["topic"] in {"ai.operation.requested", "ai.operation.completed"}
        assert (line["partition"], line["offset"]) == (partition_for(requested(1)), 41)


def test_what_is_wrong_is_said_by_its_code_or_its_reason(lines: list[JsonObject]) -> None:
    assert [line["code"] for line in about(lines, "refused")] == ["invalid"]
    assert [line["reason"] for line in about(lines, "set aside")] == [
        "undecodable",
        "invalid",
        "invalid",
    ]


def test_names_under_which_contents_could_slip_in_are_left_out(lines: list[JsonObject]) -> None:
    (line,) = about(lines, "every name")

    assert line["offset"] == 7
    assert line.keys() == {"event", "offset", "level", "timestamp", "service", "worker"}


def test_libraries_speak_the_same_way(lines: list[JsonObject]) -> None:
    (line,) = about(lines, "a broker called b-1 is away")

    assert line["level"] == "warning"


@pytest.mark.parametrize("event", ["a task failed for good", "a callback failed", "died"])
def test_a_failure_is_told_in_one_line_with_its_way_but_without_the_row(
    lines: list[JsonObject], event: str
) -> None:
    (line,) = about(lines, event)

    said = line["exception"]
    assert "new row violates a check" in said
    assert "Mend the row." in said
    assert "talkative.py" in said
    assert ("the sweep failed" in said) == (event == "a task failed for good")
