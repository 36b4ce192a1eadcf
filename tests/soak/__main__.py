"""`make soak`: ten minutes on a stack of its own; the exit code tells the truth.

Settings: SOAK_SECONDS, SOAK_WORKERS, SOAK_LIVES (operations a second), SOAK_SEED.
"""

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from deploy.local import places, stack
from tests.faults.scene import Scene
from tests.soak.run import Plan, Verdict, soak

BETWEEN_KILLS_SECONDS = 5.0, 20.0


def plan() -> Plan:
    def number(name: str, usual: int) -> int:
        return int(os.environ.get(name, usual))

    return Plan(
        number("SOAK_SECONDS", 600),
        number("SOAK_WORKERS", 3),
        number("SOAK_LIVES", 60),
        BETWEEN_KILLS_SECONDS,
        number("SOAK_SEED", time.time_ns()),
    )


def soaked(home: Path) -> Verdict:
    with stack.running(home) as settings:
        return asyncio.run(soak(Scene(home, settings), plan()))


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("tests.soak").setLevel(logging.INFO)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # It tells of every retry.
    home = Path(mkdtemp(prefix="igny8-soak-"))
    home.chmod(0o755)
    verdict = soaked(home)
    sys.stdout.write(json.dumps(verdict.in_words(), indent=2) + "\n")
    if verdict.is_green:
        places.remove(home)
    else:
        sys.stderr.write(f"Logs are in {home / 'log'}\n")
    return 0 if verdict.is_green else 1


if __name__ == "__main__":
    sys.exit(main())
