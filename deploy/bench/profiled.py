"""A worker that tells where its processor time goes, in the file that it is given.

The service is named after the file. It is interrupted after every so much of its own processor
time, and writes down what it was doing. What takes long inside a library that
is not Python is counted for the line that called it.
"""

import signal
import sys
from pathlib import Path
from types import FrameType

import msgspec

from deploy.bench.samples import EVERY_SECONDS, START, STOP, Samples
from services.credits import handlers as credits
from services.limits import handlers as limits
from shared.service import run

SUBSCRIBE = {service.NAME: service.subscribe for service in (credits, limits)}


def start(_number: int, _frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)


def stop(_number: int, _frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)


def main(output: Path, service: str) -> None:
    """Serve until SIGTERM; samples are taken between two signals."""
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.signal(START, start)
    signal.signal(STOP, stop)
    try:
        run(service, SUBSCRIBE[service])
    finally:
        output.write_bytes(msgspec.json.encode(samples.counted()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
