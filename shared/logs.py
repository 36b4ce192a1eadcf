"""One JSON line an event, with ids and positions; never a payload or a secret."""

import logging
import re
import sys
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Names under which a payload, a token or a password could slip into a line.
NEVER = frozenset({"value", "payload", "headers", "actor", "token", "password", "url", "key"})

# In what an exception says PostgreSQL quotes the row that it refuses.
ROW = re.compile(
    r"\nDETAIL:  .*?(?=\nHINT:  |\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL
)


def configure(service: str, level: str, worker: str | None) -> None:
    """Send our own lines and those of the libraries the same way, to standard output."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_rows,
        without_contents,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, worker=worker)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    sys.excepthook = say_of_what_it_died


def say_of_what_it_died(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What nobody caught is a line as well."""
    structlog.get_logger(__name__).critical("died", exc_info=(kind, error, trace))


def without_contents(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if name not in NEVER}


def without_rows(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    said = event.get("exception")
    return {**event, "exception": ROW.sub("", said)} if isinstance(said, str) else event
