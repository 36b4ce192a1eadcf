"""Folders that the user who runs PostgreSQL can get to.

As root PostgreSQL runs as `nobody`, and a clone or its data often lie below a folder that only root
may enter. Then the real folder is one of our own elsewhere, and what was asked for is a link to it.
"""

import os
import pwd
import shutil
import tempfile
from pathlib import Path

from deploy.errors import OperatorError

UNPRIVILEGED = "nobody"
ELSEWHERE = Path("/var/tmp")  # noqa: S108 # Survives a restart, and mkdtemp makes the folder below it.
PREFIX = "igny8-"
ORIGIN = "origin"  # The file that says which link leads to a folder.
ENTER = 0o001


def unprivileged() -> "pwd.struct_passwd | None":
    """Who runs PostgreSQL: None is whoever runs this program."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise OperatorError(f"as root PostgreSQL needs the user {UNPRIVILEGED}") from error


def reachable(wanted: Path) -> Path:
    """Make a folder that PostgreSQL's user can get to, at this path or linked from it."""
    if wanted.is_symlink() and not wanted.exists():
        raise OperatorError(f"what {wanted} links to is gone: remove the link to start anew")
    if not wanted.exists():
        wanted.parent.mkdir(parents=True, exist_ok=True)
        if unprivileged() is None or is_open(wanted.parent.resolve()):
            wanted.mkdir()
            wanted.chmod(0o755)
        else:
            wanted.symlink_to(make_elsewhere(wanted))
    return wanted.resolve()


def is_open(folder: Path) -> bool:
    """Whether everybody may pass through a folder and all above it."""
    return all(above.stat().st_mode & ENTER for above in (folder, *folder.parents))


def make_elsewhere(link: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=ELSEWHERE))
    folder.chmod(0o755)
    (folder / ORIGIN).write_text(str(link.parent.resolve() / link.name))
    return folder


def remove(home: Path) -> None:
    """Remove a folder with what its links lead to elsewhere."""
    if home.is_dir():
        for link in home.iterdir():
            if link.is_symlink() and is_ours(link.resolve()):
                shutil.rmtree(link.resolve())
        shutil.rmtree(home)


def is_ours(folder: Path) -> bool:
    return folder.parent == ELSEWHERE.resolve() and folder.name.startswith(PREFIX)


def sweep(kind: str) -> None:
    """Remove folders elsewhere whose link of this name went with its clone."""
    for folder in ELSEWHERE.glob(f"{PREFIX}*"):
        origin = folder / ORIGIN
        if origin.is_file() and folder.stat().st_uid == os.geteuid():
            link = Path(origin.read_text())
            if link.name == kind and not link.is_symlink():
                shutil.rmtree(folder)
