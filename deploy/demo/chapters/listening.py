"""What the services say about one account, heard as any other program would hear it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer

from deploy.demo.hearing import from_now_on
from shared.contracts.credits import (
    CreditsCommitted,
    CreditsGranted,
    CreditsReleased,
    CreditsRevoked,
    RunClosed,
    StageCharged,
)
from shared.contracts.limits import LimitDenied, UsageChanged
from shared.contracts.message import Event
from shared.kafka import Record

POLL_MILLISECONDS = 50
HEARD_WITHIN_SECONDS = 20.0
HEARD: tuple[type[Event], ...] = (
    CreditsGranted,
    CreditsCommitted,
    CreditsReleased,
    CreditsRevoked,
    StageCharged,
    RunClosed,
    LimitDenied,
    UsageChanged,
)
DECODERS: Mapping[str, msgspec.json.Decoder[Event]] = MappingProxyType(
    {kind.topic: msgspec.json.Decoder(kind) for kind in HEARD}
)

Fact = TypeVar("Fact", bound=Event)


@dataclass
class Listener:
    """Facts are told at least once: a repeat has the id of the first, and is dropped."""

    consumer: AIOKafkaConsumer
    _facts: dict[bytes, Event] = field(default_factory=dict)  # By the id of their record.

    @classmethod
    @asynccontextmanager
    async def opened(cls, servers: str) -> AsyncIterator[Self]:
        """Listen from now on, in no group."""
        async with from_now_on(servers, DECODERS) as consumer:
            yield cls(consumer)

    async def hear(self, kind: type[Fact], account: str, count: int = 1) -> list[Fact]:
        """Wait for so many facts of a kind; if they never come, that is for the checks to say."""
        await self._listen(lambda: len(self._of(kind, account)) >= count)
        return self._of(kind, account)

    async def hear_until(
        self, kind: type[Fact], account: str, is_last: Callable[[Fact], bool]
    ) -> None:
        """Wait for one of a kind; it too may never come."""
        await self._listen(lambda: any(map(is_last, self._of(kind, account))))

    async def _listen(self, is_enough: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_WITHIN_SECONDS):
                while not is_enough():
                    await self._poll()

    def _of(self, kind: type[Fact], account: str) -> list[Fact]:
        facts = self._facts.values()
        return [fact for fact in facts if isinstance(fact, kind) and fact.account_id == account]

    async def _poll(self) -> None:
        polled = await self.consumer.getmany(timeout_ms=POLL_MILLISECONDS)
        for records in polled.values():
            for record in records:
                self._take(record)

    def _take(self, record: Record) -> None:
        identity = dict(record.headers).get("ce_id") or b""
        self._facts[identity] = DECODERS[record.topic].decode(record.value or b"")
