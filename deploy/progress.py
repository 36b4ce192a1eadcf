"""What the program is doing, shown while it does it: one moving line on a terminal, else lines."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

# `extra` of a record after which nothing is under way: what comes next is somebody else's output.
DONE = {"is_done": True}


class Shown(logging.Handler):
    """Shows what our modules log; `detail` in a record is what moves within one step."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console
        # What others print meanwhile goes where they print it.
        self._line = Live(
            console=console, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._last = ""

    def emit(self, record: logging.LogRecord) -> None:
        text, detail = record.getMessage(), getattr(record, "detail", "")
        is_step = record.levelno < logging.WARNING and not hasattr(record, "is_done")
        if is_step and self._console.is_terminal:
            self._line.start()
            self._line.update(Spinner("dots", f"{text} {detail}".rstrip()))
        else:
            self._line.stop()
            self._say(text)

    def _say(self, text: str) -> None:
        if text != self._last:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._last = text

    def close(self) -> None:
        self._line.stop()
        super().close()


@contextmanager
def shown() -> Iterator[None]:
    """Show on stderr what the modules of `deploy` say they do; stdout is for results."""
    logger, handler = logging.getLogger("deploy"), Shown(Console(stderr=True))
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
