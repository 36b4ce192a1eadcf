"""Ports on loopback, chosen once and kept: a restart has the same addresses."""

import json
import socket
from pathlib import Path
from random import SystemRandom
from typing import TypeAlias

from deploy.errors import OperatorError
from deploy.local import cache

KEPT = "ports.json"
# Below the ports that systems give to outgoing connections: those come and go.
CANDIDATES = range(20_000, 30_000)

Ports: TypeAlias = dict[str, int]


def port_of(home: Path, name: str) -> int:
    """Give the port that a process of this data folder has had from its first start on."""
    with cache.locked(cache.folder() / "ports.lock"):
        kept = read(home / KEPT)
        if name not in kept:
            kept[name] = choose(home)
            (home / KEPT).write_text(json.dumps(kept, indent=1))
        return kept[name]


def choose(home: Path) -> int:
    """Take a free port that no other stack of this cache keeps for its next start."""
    stacks = cache.folder() / "stacks.json"
    homes = {folder for folder in read_homes(stacks) if (Path(folder) / KEPT).exists()}
    homes.add(str(home.resolve()))
    stacks.write_text(json.dumps(sorted(homes), indent=1))
    kept = {port for folder in homes for port in read(Path(folder) / KEPT).values()}
    candidates = SystemRandom().sample(CANDIDATES, len(CANDIDATES))
    return next(port for port in candidates if port not in kept and is_free(port))


def read(path: Path) -> Ports:
    ports: Ports = json.loads(path.read_text()) if path.exists() else {}
    return ports


def read_homes(path: Path) -> list[str]:
    homes: list[str] = json.loads(path.read_text()) if path.exists() else []
    return homes


def is_free(port: int) -> bool:
    """Whether a server could listen here now; connections that are going away do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether somebody listens here."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def need_free(home: Path, name: str, port: int) -> None:
    if not is_free(port):
        raise OperatorError(
            f"port {port}, which {name} keeps, is taken by another program:"
            f" end that, or remove {home / KEPT} to have new ports"
        )
