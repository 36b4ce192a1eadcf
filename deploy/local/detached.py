"""`igny8 up --detach`: a supervisor that outlives its terminal, followed until all is ready."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from signal import SIGTERM

from deploy.errors import PROGRAM, OperatorError
from deploy.local import cache, environment, processes, status, supervisor
from deploy.local.interrupts import orderly
from deploy.local.processes import Process
from deploy.progress import DONE

LOG = Path("log", "up.log")
LOOK_EVERY_SECONDS = 0.1

log = logging.getLogger(__name__)


def start(home: Path, arguments: Sequence[str]) -> str:
    """Start one, and give the environment when it is ready; a Ctrl-C until then ends it again."""
    (home / LOG).parent.mkdir(parents=True, exist_ok=True)
    with (home / LOG).open("ab") as output, (home / LOG).open() as words, orderly():
        words.seek(0, 2)
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "up", "--data", str(home), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
            cwd=cache.ROOT,
            env=os.environ | {"IGNY8_CACHE": str(cache.folder())},
        )
        process = Process.of(child)
        try:
            said = follow(home, process, words)
        except (KeyboardInterrupt, SystemExit):
            process.ask_to_end(SIGTERM)
            process.end_within(supervisor.END_SECONDS)
            raise
    if child.returncode:
        raise OperatorError(said.removeprefix(PROGRAM))
    log.info(supervisor.ALL_READY, extra=DONE)
    return environment.text_of(environment.read(home))


def follow(home: Path, process: Process, words: Iterable[str]) -> str:
    """Pass on what it says until it is ready or gone; give its last line."""
    said = ""
    while process.is_alive and not is_ready(home, process):
        time.sleep(LOOK_EVERY_SECONDS)
        for line in words:
            said = line.strip()
            if not said.startswith(PROGRAM):  # Its last word becomes ours.
                log.info("%s", said)
    return said


def is_ready(home: Path, process: Process) -> bool:
    return (home / supervisor.READY).exists() and (
        processes.noted(home / status.SUPERVISOR) == process
    )
