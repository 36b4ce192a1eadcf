"""What one would write first: an ORM, one transaction a message, the answer published after it.

The reference of the benchmark, `python -m deploy.bench.naive`. It does less than credits does: no
offsets with the effects, no outbox, no prices, no roll-ups, no balances announced.
"""

import asyncio
import math
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid4

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from deploy.bench.load import REPLY_TOPIC
from deploy.bench.naive_rows import Account, Entry, Reservation, Use
from shared.contracts.credits import (
    CreditsCommitted,
    CreditsReserved,
    OperationCompleted,
    OperationRequested,
    UsageRecorded,
)

TOKENS_A_CREDIT, MARGIN = 100, 1.2

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"


class Tokens(BaseModel):
    tokens_input: int = Field(ge=0)
    tokens_output: int = Field(ge=0)


class Request(BaseModel):
    account_id: UUID
    operation_id: UUID
    operation_type: str
    estimate: Tokens
    hold_ttl_s: int = Field(default=900, ge=60, le=7200)


class Completion(BaseModel):
    account_id: UUID
    operation_id: UUID
    operation_type: str
    model_used: str
    tokens_input: int = Field(ge=0)
    tokens_output: int = Field(ge=0)


class Held(BaseModel):
    account_id: UUID
    operation_id: UUID
    status: str
    held: int
    available_after: int


class Charged(BaseModel):
    account_id: UUID
    operation_id: UUID
    credits: int
    balance_after: int


class Naive:
    """Handlers of the two topics."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], producer: AIOKafkaProducer
    ) -> None:
        self._sessions, self._producer = sessions, producer
        self.handlers: Mapping[str, Callable[[Record], Awaitable[None]]] = {
            OperationRequested.topic: self.on_request,
            OperationCompleted.topic: self.on_completion,
        }

    async def on_request(self, record: Record) -> None:
        request = Request.model_validate_json(record.value)
        async with self._sessions.begin() as session:
            reply = await reserve(session, request)
        await self._publish(REPLY_TOPIC, reply)
        await self._publish(CreditsReserved.topic, reply)

    async def on_completion(self, record: Record) -> None:
        completion = Completion.model_validate_json(record.value)
        async with self._sessions.begin() as session:
            fact = await charge(session, completion)
        await self._publish(CreditsCommitted.topic, fact)
        await self._publish(UsageRecorded.topic, fact)

    async def _publish(self, topic: str, message: Held | Charged) -> None:
        key = str(message.account_id).encode()
        await self._producer.send_and_wait(topic, message.model_dump_json().encode(), key)


async def locked(session: AsyncSession, account_id: UUID) -> Account:
    statement = select(Account).where(Account.account_id == account_id).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def reserve(session: AsyncSession, request: Request) -> Held:
    account = await locked(session, request.account_id)
    available = account.balance - account.held
    known = await session.get(Reservation, request.operation_id)
    tokens = request.estimate.tokens_input + request.estimate.tokens_output
    estimated = math.ceil(tokens / TOKENS_A_CREDIT)
    answer = {"account_id": request.account_id, "operation_id": request.operation_id}
    if known or estimated > available:
        return Held(**answer, status="error", held=0, available_after=available)
    held = min(available, math.ceil(estimated * MARGIN))
    account.held += held
    now = datetime.now(UTC)
    session.add(
        Reservation(
            **answer,
            operation_type=request.operation_type,
            state="held",
            estimated=estimated,
            held=held,
            charged=0,
            created_at=now,
            expires_at=now + timedelta(seconds=request.hold_ttl_s),
        )
    )
    return Held(**answer, status="ok", held=held, available_after=available - held)


async def charge(session: AsyncSession, completion: Completion) -> Charged:
    account = await locked(session, completion.account_id)
    reservation = await session.get_one(Reservation, completion.operation_id)
    tokens = completion.tokens_input + completion.tokens_output
    account.held -= reservation.held
    charged = min(math.ceil(tokens / TOKENS_A_CREDIT), account.balance - account.held)
    account.balance -= charged
    reservation.state, reservation.charged = "committed", charged
    named = {"account_id": completion.account_id, "operation_id": completion.operation_id}
    now = datetime.now(UTC)
    entry = Entry(
        **named, entry_id=uuid4(), amount=-charged, balance_after=account.balance, created_at=now
    )
    use = Use(**completion.model_dump(), usage_id=uuid4(), credits_used=charged, created_at=now)
    session.add_all([entry, use])
    return Charged(**named, credits=charged, balance_after=account.balance)


async def consume(servers: str, naive: Naive, port: int) -> None:
    """One message after the other; what was handled is committed."""
    consumer = AIOKafkaConsumer(
        *naive.handlers,
        bootstrap_servers=servers,
        group_id="naive",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with consumer, await asyncio.start_server(lambda _, out: out.close(), "127.0.0.1", port):
        async for record in consumer:
            await naive.handlers[record.topic](record)
            await consumer.commit()


async def main() -> None:
    """Serve until SIGTERM."""
    servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    url = os.environ["SUPERUSER_URL"].replace("postgresql://", "postgresql+asyncpg://")
    sessions = async_sessionmaker(create_async_engine(url), expire_on_commit=False)
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        naive = Naive(sessions, producer)
        serving = asyncio.create_task(consume(servers, naive, int(os.environ["HTTP_PORT"])))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
        await asyncio.wait([serving])


if __name__ == "__main__":
    uvloop.run(main())
