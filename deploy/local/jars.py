"""Jars by their Maven coordinates, used only when byte for byte what the lock file says."""

import hashlib
import logging
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TypeAlias

from jgo.maven import MavenContext
from requests import RequestException

from deploy.errors import OperatorError
from deploy.local import cache

LOCK = "jgo.lock.toml"
DOWNLOADS_AT_ONCE = 8
ROOM_MEGABYTES = 300

Locked: TypeAlias = dict[str, str]
log = logging.getLogger(__name__)


def locked(recipe: Path) -> Sequence[Locked]:
    """Read what the lock file of a recipe names, with coordinates and hash of each jar."""
    entries: list[Locked] = tomllib.loads((recipe / LOCK).read_text())["dependencies"]
    return entries


def resolve(title: str, wanted: Sequence[Locked]) -> Path:
    """Give the folder that holds these jars and no others; fetch them once."""
    content = hashlib.sha256("".join(sorted(jar["sha256"] for jar in wanted)).encode())
    home = cache.folder() / f"jars-{content.hexdigest()[:12]}"
    with cache.locked(home.with_suffix(".lock")):
        if not home.exists():
            cache.need_room(home.parent, ROOM_MEGABYTES)
            fetch(title, wanted, home)
    return home


def fetch(title: str, wanted: Sequence[Locked], home: Path) -> None:
    """Download beside `home`, and make that `home` when all of it is there and right."""
    unfinished = home.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # An interrupted try leaves parts of jars.
    context = MavenContext(repo_cache=unfinished / "repository")
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        downloads = [pool.submit(download, context, one) for one in wanted]
        try:
            for jar in watched(title, downloads):
                shutil.move(jar, unfinished / jar.name)
        finally:
            pool.shutdown(cancel_futures=True)
    shutil.rmtree(unfinished / "repository")
    unfinished.rename(home)


def watched(title: str, downloads: Sequence[Future[Path]]) -> Iterable[Path]:
    """Give each jar when it is there, and say how far it is."""
    for number, done in enumerate(as_completed(downloads), start=1):
        log.info("Fetching %s", title, extra={"detail": f"{number} of {len(downloads)} files"})
        yield done.result()


def download(context: MavenContext, wanted: Locked) -> Path:
    """Fetch one jar and check it."""
    coordinates = context.project(wanted["groupId"], wanted["artifactId"])
    artifact = coordinates.at_version(wanted["version"]).artifact(packaging=wanted["packaging"])
    try:
        jar = Path(artifact.resolve())
    except (RequestException, RuntimeError) as error:  # jgo raises the latter for a missing jar.
        raise OperatorError(f"{artifact} cannot be fetched: is there a network?") from error
    check(jar, wanted)
    return jar


def check(jar: Path, wanted: Locked) -> None:
    if hashlib.sha256(jar.read_bytes()).hexdigest() != wanted["sha256"]:
        raise OperatorError(f"{jar.name} is not what the lock file says, and is not used")
