"""A process in which everything is logged that can be: tests read what it writes."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
import msgspec
import structlog

from shared import jobs, logs
from shared.contracts.credits import OperationCompleted, OperationRequested
from shared.contracts.message import Message, encode
from shared.envelope import Postmark
from shared.kafka import Record
from shared.telling import Told, tell
from tests import making
from tests.making import ANN, PARTITIONS, partition_for, raw_record

SECRET = "open-sesame"  # noqa: S105 - Nobody's.
CORRELATION = b"a-name-to-find-it-by"
ROW = f"Failing row contains (7,\n{SECRET}, HINT, \n)."
SERVICE, WORKER = "credits", "credits-7"

log = structlog.get_logger(__name__)


def record_of(message: Message, value: bytes) -> Record:
    headers = {"correlation_id": CORRELATION, "note": SECRET.encode()}
    place = {"partition": partition_for(message), "offset": 41}
    return raw_record(message.topic, value, ANN.encode(), headers, **place)


def with_secret(message: Message, field: str) -> bytes:
    said = msgspec.json.decode(encode(message))
    return msgspec.json.encode(said | {field: [SECRET], "extra": SECRET})


def tell_what_is_wrong() -> None:
    """An answer to whoever asked, and dead letters of what nobody can read or price."""
    asked, done = making.requested(1), making.completed(1)
    records = [
        record_of(asked, with_secret(asked, "estimate")),
        record_of(asked, f'{{"{SECRET}'.encode()),
        record_of(done, with_secret(done, "tokens_input")),
        record_of(done, encode(done)),
    ]
    reader = making.reader(OperationRequested, OperationCompleted)
    told = Told(Postmark(SERVICE, datetime.now(UTC), PARTITIONS))
    for record in records:
        tell(told, reader.read(record), datetime.now(UTC), lambda _: ("no price",))


def say_what_is_never_said() -> None:
    log.info("every name", **dict.fromkeys(logs.NEVER, SECRET), offset=7)
    log.debug("nobody wants to know")


def let_libraries_speak() -> None:
    logging.getLogger("aiokafka").warning("a broker called %s is away", "b-1")
    logging.getLogger("aiokafka").info("nobody wants to know")
    try:
        raise refused()
    except asyncpg.PostgresError:
        logging.getLogger("asyncio").exception("a callback failed")


def refused() -> asyncpg.PostgresError:
    """As asyncpg makes it of what the server says."""
    error = asyncpg.CheckViolationError("new row violates a check")
    error.detail, error.hint = ROW, "Mend the row."
    return error


async def fail() -> None:
    try:
        raise refused()
    except asyncpg.PostgresError as error:
        raise RuntimeError("the sweep failed") from error


async def fail_for_good() -> None:
    """A task that fails asks the process to end."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    jobs.watched(fail())
    await ended.wait()


def die() -> None:
    """As Python itself does at the end of a process whose error nobody caught."""
    try:
        raise refused()
    except asyncpg.PostgresError as error:
        sys.excepthook(type(error), error, error.__traceback__)


SCENES: dict[str, Callable[[], None]] = {
    "wrong": tell_what_is_wrong,
    "never": say_what_is_never_said,
    "libraries": let_libraries_speak,
    "failure": lambda: asyncio.run(fail_for_good()),
    "death": die,
}

if __name__ == "__main__":
    logs.configure(SERVICE, "info", WORKER)
    for scene in SCENES.values():
        scene()
