"""What the program is doing, shown while it does it: one moving line on a terminal, else lines."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class Shown(logging.Handler):
    """Shows what our modules log; `detail` in a record is what moves within one step."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console
        self._status = Status("", console=console)
        self._last = ""

    def emit(self, record: logging.LogRecord) -> None:
        text, detail = record.getMessage(), getattr(record, "detail", "")
        if record.levelno >= logging.WARNING or not self._console.is_terminal:
            self._say(text)
        else:
            self._status.start()
            self._status.update(f"{text} {detail}".rstrip())

    def _say(self, text: str) -> None:
        if text != self._last:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._last = text

    def close(self) -> None:
        self._status.stop()
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
