"""What every naive handler has: sessions of the database, and a producer that waits each time."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias
from uuid import UUID

from aiokafka import AIOKafkaProducer, ConsumerRecord
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Handlers: TypeAlias = Mapping[str, Callable[[Record], Awaitable[None]]]


class Said(BaseModel):
    """A message about an account."""

    account_id: UUID


class Post(NamedTuple):
    """Where rows and messages go."""

    sessions: async_sessionmaker[AsyncSession]
    producer: AIOKafkaProducer

    async def publish(self, topic: str, message: Said) -> None:
        key = str(message.account_id).encode()
        await self.producer.send_and_wait(topic, message.model_dump_json().encode(), key)
