"""What an operator's command works on: what the environment names, else a data folder's stack."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import OperatorError
from deploy.local import environment
from shared.settings import LONGEST_OFFSET_SECONDS

CLOCK_OFFSET = "CLOCK_OFFSET"


def of(data: Path) -> Mapping[str, str]:
    """The settings of the stack in a data folder, where the environment does not say otherwise."""
    home = data.resolve()
    if (home / environment.FILE).is_file() or environment.KAFKA not in os.environ:
        return environment.read(home) | os.environ
    return os.environ


def clock_offset(settings: Mapping[str, str]) -> float:
    """By how many seconds the services' clock is moved, for a rehearsal."""
    said = settings.get(CLOCK_OFFSET) or "0"
    try:
        offset = float(said)
    except ValueError:
        offset = float("nan")
    if not abs(offset) <= LONGEST_OFFSET_SECONDS:
        raise OperatorError(f"{CLOCK_OFFSET} is no number of seconds: {said}")
    return offset


def database_url(settings: Mapping[str, str], service: str) -> str:
    """Where a service keeps its tables; who looks after it must be told."""
    if not (url := settings.get(environment.database_variable(service))):
        raise OperatorError(f"{environment.database_variable(service)} is missing")
    return url
