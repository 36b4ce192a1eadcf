# ruff: noqa: ANN401 - It stands before asyncpg, whatever is called there.
"""A database and a broker between which a process may die: at any await, before or after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from shared.postgres import Database
from shared.wire import Run
from tests.recorder import Recorder

Call = Callable[..., Awaitable[Any]]
FAIRLY_QUICK_SECONDS = 20.0

Worker = TypeVar("Worker")
# Has a worker of a service on its tables: given a recorder, a wrap of its database, its clock.
Working: TypeAlias = Callable[..., AbstractAsyncContextManager[Worker]]
# All that can happen, to one worker and to one whose clock is later.
Live: TypeAlias = Callable[[Worker, Worker], Awaitable[None]]


class Death(BaseException):
    """As kill -9: nothing that the process could do follows."""


@dataclass
class Fate:
    """When the process dies: at the call of that number, before it or after it returned."""

    at: int | None = None
    is_after: bool = False
    calls: list[str] = field(default_factory=list)
    is_dead: bool = False

    async def meet(self, name: str, call: Call, *arguments: Any, **named: Any) -> Any:
        if self.is_dead:
            raise Death
        self.calls.append(name)
        its_time = len(self.calls) - 1 == self.at
        if its_time and not self.is_after:
            self.is_dead = True
            raise Death
        result = await call(*arguments, **named)
        if its_time:
            self.is_dead = True
            raise Death
        return result


class MortalTransaction:
    """BEGIN and COMMIT are calls like any other; the dead roll nothing back."""

    def __init__(self, fate: Fate, connection: Any) -> None:
        self._fate, self._connection = fate, connection
        self._real = connection.transaction()

    async def __aenter__(self) -> None:
        await self._fate.meet("begin", self._real.start)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._fate.is_dead:
            self._connection.terminate()
        elif kind is not None:
            await self._real.rollback()
        else:
            await self._commit()

    async def _commit(self) -> None:
        try:
            await self._fate.meet("commit", self._real.commit)
        finally:
            if self._fate.is_dead:
                self._connection.terminate()


class MortalConnection:
    """A connection whose every statement may be the last."""

    def __init__(self, fate: Fate, connection: Any) -> None:
        self._fate, self._connection = fate, connection

    def transaction(self) -> MortalTransaction:
        return MortalTransaction(self._fate, self._connection)

    def __getattr__(self, name: str) -> Call:
        call = getattr(self._connection, name)

        async def met(*arguments: Any, **named: Any) -> Any:
            return await self._fate.meet(name, call, *arguments, **named)

        return met


class MortalPool:
    """A pool that hands out such connections."""

    def __init__(self, fate: Fate, pool: Any) -> None:
        self._fate, self._pool = fate, pool

    @asynccontextmanager
    async def acquire(self, timeout: float | None = None) -> AsyncIterator[MortalConnection]:  # noqa: ASYNC109 - As asyncpg names it.
        async with self._pool.acquire(timeout=timeout) as connection:
            yield MortalConnection(self._fate, connection)

    def __getattr__(self, name: str) -> Call:
        call = getattr(self._pool, name)

        async def met(*arguments: Any, **named: Any) -> Any:
            return await self._fate.meet(name, call, *arguments, **named)

        return met


class MortalRecorder(Recorder):
    """A broker whose producer may die before the records have left, or before it hears that."""

    def __init__(self, fate: Fate, log: Recorder) -> None:
        self._fate, self.sent = fate, log.sent

    async def send_runs(self, made: Iterable[Run]) -> None:
        try:
            await self._fate.meet("publish", super().send_runs, made)
        except Death:  # The task of a delivery ends as in a process that is gone: in silence.
            raise asyncio.CancelledError from None


def mortal(fate: Fate) -> Callable[[Database], Database]:
    def wrap(database: Database) -> Database:
        pool: Any = MortalPool(fate, database.pool_for(None))
        return Database(pool)

    return wrap


async def lived(
    working: Working[Any], live: Live[Any], fate: Fate, log: Recorder, later_seconds: float
) -> bool:
    """Live until the end, or until death; say whether it was death."""
    recorder = MortalRecorder(fate, log)
    async with AsyncExitStack() as stack:
        now, later = [
            await stack.enter_async_context(working(recorder, mortal(fate), offset))
            for offset in (0, later_seconds)
        ]
        try:
            async with asyncio.timeout(FAIRLY_QUICK_SECONDS):
                await live(now, later)
        except Death:
            return True
    return fate.is_dead


async def taken_over(
    working: Working[Any], live: Live[Any], log: Recorder, later_seconds: float
) -> None:
    """A new process finds what the dead one left behind, and is given the same polls again."""
    async with AsyncExitStack() as stack:
        now, later = [
            await stack.enter_async_context(working(log, clock_offset=offset))
            for offset in (0, later_seconds)
        ]
        await now.recover()
        await live(now, later)
        await later.recover()
        await now.recover()
