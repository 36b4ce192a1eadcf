"""Work that a service does by itself: repeated, watched, and never silently dead."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import TypeAlias, TypeVar

import asyncpg
import structlog
from aiokafka.errors import KafkaError

Job: TypeAlias = Callable[[], Awaitable[object]]
Done = TypeVar("Done")

# A lost database or broker, a deadlock, a time-out of the server: it passes, nothing is skipped.
MAY_PASS = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A session that is used between its server's last words and the end of its connection.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.PostgresSystemError,
    KafkaError,
    OSError,
    TimeoutError,
)

log = structlog.get_logger(__name__)

failures: list[BaseException] = []  # What ended this process: it then exits with an error.


async def side_by_side(
    work: Iterable[Callable[[], Awaitable[Done]]], at_once: int
) -> Sequence[Done]:
    """Do all of it, so much at once.

    Once something has failed nothing more begins; it is raised when all that had begun has ended.
    """
    room, failed = asyncio.Semaphore(at_once), list[BaseException]()

    async def in_turn(one: Callable[[], Awaitable[Done]]) -> Done:
        async with room:
            if failed:
                raise failed[0]
            try:
                return await one()
            except BaseException as error:
                failed.append(error)
                raise

    done = await asyncio.gather(*map(in_turn, work), return_exceptions=True)
    if failed:
        raise failed[0]
    return [one for one in done if not isinstance(one, BaseException)]


async def repeat(seconds: float, job: Job) -> None:
    """Run a job for ever; what may pass delays it, anything else ends the process."""
    while True:
        try:
            await job()
        except MAY_PASS as error:
            log.warning("a job is tried again", job=getattr(job, "__name__", ""), error=repr(error))
        await asyncio.sleep(seconds)


def watched(work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
    """Start a task whose failure ends the process: half a service is worse than none."""
    task = asyncio.create_task(work)
    task.add_done_callback(stop_if_failed)
    return task


def stop_if_failed(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("a task failed for good", exc_info=error)
        failures.append(error)
        signal.raise_signal(signal.SIGTERM)
