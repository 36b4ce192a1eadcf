"""What an operator's command works on: what the environment names, else a data folder's stack."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local import environment


def of(data: Path) -> Mapping[str, str]:
    """The settings of the stack in a data folder, where the environment does not say otherwise."""
    home = data.resolve()
    if (home / environment.FILE).is_file() or environment.KAFKA not in os.environ:
        return environment.read(home) | os.environ
    return os.environ
