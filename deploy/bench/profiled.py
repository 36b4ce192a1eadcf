"""A worker of credits that tells where its processor time goes, in the file that it is given.

It is interrupted after every so much of its own processor time, and writes down what it was doing.
What takes long inside a library that is not Python is counted for the line that called it.
"""

import signal
import sys
from pathlib import Path
from types import FrameType

import msgspec

from deploy.bench.samples import EVERY_SECONDS, START, STOP, Samples
from services.credits.handlers import NAME, subscribe
from shared.service import run


def start(_number: int, _frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)


def stop(_number: int, _frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)


def main(output: Path) -> None:
    """Serve until SIGTERM; samples are taken between two signals."""
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.signal(START, start)
    signal.signal(STOP, stop)
    try:
        run(NAME, subscribe)
    finally:
        output.write_bytes(msgspec.json.encode(samples.counted()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
