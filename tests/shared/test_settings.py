"""What a process is told by its environment: all that is wrong is said at once, in one line.

What may never happen:

1. A process starts with a value that is missing or wrong.
2. One mistake is said, and the next one only after it was mended.
3. A line about a mistake quotes what was told: it may be a password.
4. The clock of production is moved.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.local.keys import make as make_pair
from shared.settings import LONGEST_OFFSET_SECONDS, Settings
from tests.docs.reading import ROOT

SECRET = "open-sesame"  # noqa: S105 - Nobody's.
URL = f"postgresql://credits:{SECRET}@127.0.0.1:5432/credits"
NEEDED = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "CREDITS_DATABASE_URL": URL}
WRONG = {
    "ENVIRONMENT": SECRET,
    "KAFKA_PARTITIONS": "5",
    "KAFKA_REPLICATION": "0",
    "HTTP_PORT": "65536",
    "ACTOR_PUBLIC_KEY_FILE": f"/nowhere/{SECRET}",
    "CLOCK_OFFSET": SECRET,
    "POLL_RECORDS": "0",
    "POLL_WAIT_MILLISECONDS": "1001",
    "MAX_HOLD_BACK_SECONDS": "-0.1",
    "HOLD_MARGIN_PERCENT": "twenty",
    "LOG_LEVEL": SECRET,
}

Tell = Callable[..., None]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Say these variables to the process, and nothing else that it knows."""

    def say(**said: str) -> None:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in said.items():
            monkeypatch.setenv(name, value)

    return say


def refusal() -> str:
    """The one line that is said of these settings."""
    with pytest.raises(SystemExit) as ended:
        Settings.read("credits")
    said = str(ended.value)
    assert len(said.splitlines()) == 1
    assert SECRET not in said
    return said


def names_in(said: str) -> set[str]:
    return {word.rstrip(":") for word in said.split() if word.rstrip(":").isupper()}


def test_what_is_needed_is_enough(tell: Tell) -> None:
    tell(**NEEDED)

    settings = Settings.read("credits")

    assert settings.kafka_bootstrap_servers == "127.0.0.1:9092"
    assert settings.database_url("credits") == URL


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("empty", [True, False])
def test_what_is_needed_and_missing_is_named(tell: Tell, name: str, *, empty: bool) -> None:
    rest = {other: value for other, value in NEEDED.items() if other != name}
    tell(**rest, **({name: ""} if empty else {}))

    assert names_in(refusal()) == {name}


def test_each_service_needs_its_own_database(tell: Tell) -> None:
    tell(**NEEDED)

    with pytest.raises(SystemExit, match=r"limits: .*LIMITS_DATABASE_URL: it is missing$"):
        Settings.read("limits")


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_without_its_value(tell: Tell, name: str) -> None:
    tell(**NEEDED, **{name: WRONG[name]})

    assert names_in(refusal()) == {name}


def test_all_that_is_wrong_or_missing_is_said_at_once(tell: Tell) -> None:
    tell(**WRONG)

    assert names_in(refusal()) == {*WRONG, *NEEDED}


def test_a_process_that_is_told_nonsense_ends_with_one_line() -> None:
    environment = {"PATH": os.environ["PATH"], "CREDITS_DATABASE_URL": URL, **WRONG}
    command = [sys.executable, "-m", "services.credits.app"]

    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)
    assert SECRET not in ended.stderr


def test_whoever_makes_settings_by_hand_is_told_no_secret_either() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"credits_database_url": URL, "environment": SECRET})

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("partitions", [1, 2, 4, 8, 16, 32, 64])
def test_a_number_of_partitions_divides_the_lanes(tell: Tell, partitions: int) -> None:
    tell(**NEEDED, KAFKA_PARTITIONS=str(partitions))

    assert Settings.read("credits").kafka_partitions == partitions


@pytest.mark.parametrize("partitions", ["0", "-4", "3", "128", "4.5", "four"])
def test_another_number_of_partitions_is_none(tell: Tell, partitions: str) -> None:
    tell(**NEEDED, KAFKA_PARTITIONS=partitions)

    assert names_in(refusal()) == {"KAFKA_PARTITIONS"}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("", 0), ("0", 0), ("864000", 864_000), ("+60", 60), ("-3600", -3600), ("0.5", 0.5)],
)
def test_a_clock_is_moved_by_seconds_ahead_or_back(tell: Tell, said: str, seconds: float) -> None:
    tell(**NEEDED, ENVIRONMENT="development", CLOCK_OFFSET=said)

    assert Settings.read("credits").clock_offset == seconds


@pytest.mark.parametrize(
    "said",
    ["10d", "1,5", "--5", "01:00", "nan", "inf", "-inf", "1e300", f"{-LONGEST_OFFSET_SECONDS - 1}"],
)
def test_a_clock_is_moved_by_nothing_else(tell: Tell, said: str) -> None:
    tell(**NEEDED, ENVIRONMENT="development", CLOCK_OFFSET=said)

    assert names_in(refusal()) == {"CLOCK_OFFSET"}


@pytest.mark.parametrize("said", ["1", "-1", "0.001"])
def test_the_clock_of_production_is_never_moved(tell: Tell, said: str) -> None:
    tell(**NEEDED, CLOCK_OFFSET=said)

    assert names_in(refusal()) == {"CLOCK_OFFSET"}
    tell(**NEEDED, ENVIRONMENT="production", CLOCK_OFFSET=said)
    assert names_in(refusal()) == {"CLOCK_OFFSET"}


def test_the_clock_of_production_may_be_said_to_stay(tell: Tell) -> None:
    tell(**NEEDED, ENVIRONMENT="production", CLOCK_OFFSET="0")

    assert Settings.read("credits").clock_offset == 0


def test_a_file_of_keys_is_one_that_has_keys(tell: Tell, tmp_path: Path) -> None:
    keys = tmp_path / "keys.pem"
    keys.touch()
    tell(**NEEDED, ACTOR_PUBLIC_KEY_FILE=str(keys))

    said = refusal()
    assert names_in(said) == {"ACTOR_PUBLIC_KEY_FILE"}
    assert said.endswith("it holds no public key")

    _, public = make_pair(tmp_path)
    tell(**NEEDED, ACTOR_PUBLIC_KEY_FILE=str(public))
    assert Settings.read("credits").actor_public_key_file == public
