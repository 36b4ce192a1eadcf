"""A broker that takes what it is given only when a test lets it."""

import asyncio
from collections.abc import Iterable

from aiokafka.errors import KafkaConnectionError

from shared.wire import Run
from tests.recorder import Recorder


class Broker(Recorder):
    """Refuses so many times; takes what it takes only while the way to it is open."""

    def __init__(self, refusals: int = 0) -> None:
        super().__init__()
        self.refusals = refusals
        self.is_open, self.is_asked = asyncio.Event(), asyncio.Event()
        self.is_open.set()

    async def send_runs(self, made: Iterable[Run]) -> None:
        self.is_asked.set()
        await self.is_open.wait()
        if self.refusals:
            self.refusals -= 1
            raise KafkaConnectionError
        await super().send_runs(made)

    def told(self) -> list[str]:
        """Whose failures were announced, in the order of the log."""
        return [str(one.said["operation_id"]) for one in self.sent]
