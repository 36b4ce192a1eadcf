"""What an orchestrator asks a process: /live = it makes progress, /ready = it serves, /metrics."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import structlog
import uvicorn
from prometheus_client import make_asgi_app

from shared import postgres
from shared.jobs import MAY_PASS

if TYPE_CHECKING:
    from shared.service import Service

DATABASE_SECONDS = 2.0

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

log = structlog.get_logger(__name__)


class Server(uvicorn.Server):
    """A server that leaves the signals of the process to the service."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Probes:
    """An ASGI app of three paths."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._metrics = make_asgi_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope.get("path"):
            case "/live":
                await answer(send, is_good=self.is_live())
            case "/ready":
                await answer(send, is_good=await self.is_ready())
            case "/metrics" | "/metrics/":
                await self._metrics(scope, receive, send)
            case _:
                await answer(send, is_good=False, bad=404)

    def is_live(self) -> bool:
        """Whether every loop turns; not whether broker or database answer: a restart is no help.

        Without a broker a loop stands still, because what was said must arrive before more is.
        """
        still_since = time.monotonic() - self._service.settings.still_seconds
        if self._service.publisher.kept_waiting_at > still_since:
            return True
        return all(poller.turned_at > still_since for poller in self._service.pollers)

    async def is_ready(self) -> bool:
        """Whether partitions are assigned and the database answers."""
        if not all(poller.assignment.is_complete for poller in self._service.pollers):
            return False
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await postgres.read_clock(self._service.database.pool_for(None))
        except MAY_PASS:
            return False
        return True

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Answer on the port of the settings, without taking signals away from the service."""
        settings = self._service.settings
        config = uvicorn.Config(
            self,
            settings.http_host,
            settings.http_port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = Server(config)
        serving = asyncio.create_task(server.serve())
        try:
            yield
        finally:
            server.should_exit = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(serving, DATABASE_SECONDS)


async def answer(send: Send, *, is_good: bool, bad: int = 503) -> None:
    status = 204 if is_good else bad
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
