"""Credits, naively: a request holds what it is estimated at, a completion charges what it used."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.bench.load import REPLY_TOPIC
from deploy.bench.naive.post import Handlers, Post, Record, Said
from deploy.bench.naive.rows import Account, Entry, Reservation, Use
from shared.contracts.credits import (
    CreditsCommitted,
    CreditsReserved,
    OperationCompleted,
    OperationRequested,
    UsageRecorded,
)

TOKENS_A_CREDIT, MARGIN = 100, 1.2


class Tokens(BaseModel):
    tokens_input: int = Field(ge=0)
    tokens_output: int = Field(ge=0)


class Request(Said):
    operation_id: UUID
    operation_type: str
    estimate: Tokens
    hold_ttl_s: int = Field(default=900, ge=60, le=7200)


class Completion(Said):
    operation_id: UUID
    operation_type: str
    model_used: str
    tokens_input: int = Field(ge=0)
    tokens_output: int = Field(ge=0)


class Held(Said):
    operation_id: UUID
    status: str
    held: int
    available_after: int


class Charged(Said):
    operation_id: UUID
    credits: int
    balance_after: int


def handlers(post: Post) -> Handlers:
    """Of the two topics."""

    async def on_request(record: Record) -> None:
        request = Request.model_validate_json(record.value)
        async with post.sessions.begin() as session:
            reply = await reserve(session, request)
        await post.publish(REPLY_TOPIC, reply)
        await post.publish(CreditsReserved.topic, reply)

    async def on_completion(record: Record) -> None:
        completion = Completion.model_validate_json(record.value)
        async with post.sessions.begin() as session:
            fact = await charge(session, completion)
        await post.publish(CreditsCommitted.topic, fact)
        await post.publish(UsageRecorded.topic, fact)

    return {OperationRequested.topic: on_request, OperationCompleted.topic: on_completion}


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
