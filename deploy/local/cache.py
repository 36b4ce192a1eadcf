"""What all stacks of a checkout share: fetched once, in one folder, by one process at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1024 * 1024


def folder() -> Path:
    """Where jars and unpacked programs lie: `IGNY8_CACHE`, or a folder of the checkout."""
    return Path(os.environ.get("IGNY8_CACHE") or ROOT / ".igny8-cache").resolve()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the block back until no other process is in a block of the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def need_room(where: Path, megabytes: int) -> None:
    """Refuse at once what would otherwise fail half way."""
    where.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(where).free // MEGABYTE
    if free < megabytes:
        raise OperatorError(f"{where} has {free} MB left, {megabytes} MB are needed")
