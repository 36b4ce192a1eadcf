"""Ctrl-C and SIGTERM end a block by an exception, but never between a start and the note of it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """What this process was asked while it must not be disturbed."""

    def __init__(self) -> None:
        self._shields = 0
        self._pending: int | None = None

    def receive(self, number: int, _frame: FrameType | None) -> None:
        self._pending = number
        self._raise_when_open()

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Put off what comes until the end of the block."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            self._raise_when_open()

    def _raise_when_open(self) -> None:
        if self._shields == 0 and self._pending is not None:
            number, self._pending = self._pending, None
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise SystemExit(128 + number)


interrupts = Interrupts()


@contextmanager
def orderly() -> Iterator[None]:
    """Let every signal that ends this process run the `finally` of the block first."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals are the main thread's business.
        return
    heard = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, interrupts.receive) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
