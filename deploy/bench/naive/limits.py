"""Limits, naively: a request holds what there is room for, a confirmation counts what was made."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.bench.load import REPLY_TOPIC
from deploy.bench.naive.post import Handlers, Post, Record, Said
from deploy.bench.naive.rows import Counter, Hold
from shared.contracts.limits import HoldConfirmed, HoldRequested, UsageChanged


class Request(Said):
    request_id: UUID
    limit_type: str
    quantity: int = Field(ge=1)
    purpose: str
    ttl_s: int = Field(default=600, ge=30, le=7200)


class Confirmation(Said):
    hold_id: UUID
    quantity: int = Field(ge=0)


class Granted(Said):
    request_id: UUID
    status: str
    hold_id: UUID | None = None
    granted: int = 0
    available: int


class Usage(Said):
    limit_type: str
    used: int
    held: int
    limit: int


def handlers(post: Post) -> Handlers:
    """Of the two topics."""

    async def on_request(record: Record) -> None:
        request = Request.model_validate_json(record.value)
        async with post.sessions.begin() as session:
            counter = await locked(session, request.account_id, request.limit_type)
            reply = await hold(session, counter, request)
        # The state comes first, so that all states are there when all requests are answered.
        await post.publish(UsageChanged.topic, usage_of(counter))
        await post.publish(REPLY_TOPIC, reply)

    async def on_confirmation(record: Record) -> None:
        confirmation = Confirmation.model_validate_json(record.value)
        async with post.sessions.begin() as session:
            counter = await confirm(session, confirmation)
        await post.publish(UsageChanged.topic, usage_of(counter))

    return {HoldRequested.topic: on_request, HoldConfirmed.topic: on_confirmation}


async def locked(session: AsyncSession, account_id: UUID, limit_type: str) -> Counter:
    statement = (
        select(Counter)
        .where(Counter.account_id == account_id, Counter.limit_type == limit_type)
        .with_for_update()
    )
    return (await session.execute(statement)).scalar_one()


async def hold(session: AsyncSession, counter: Counter, request: Request) -> Granted:
    available = counter.allowed - counter.used - counter.held
    known = await session.get(Hold, request.request_id)
    answer = {"account_id": request.account_id, "request_id": request.request_id}
    if known or request.quantity > available:
        return Granted(**answer, status="error", available=available)
    counter.held += request.quantity
    now = datetime.now(UTC)
    made = Hold(
        **answer,
        hold_id=uuid4(),
        limit_type=request.limit_type,
        purpose=request.purpose,
        state="held",
        granted=request.quantity,
        confirmed=0,
        created_at=now,
        expires_at=now + timedelta(seconds=request.ttl_s),
    )
    session.add(made)
    left = available - request.quantity
    return Granted(
        **answer, status="ok", hold_id=made.hold_id, granted=made.granted, available=left
    )


async def confirm(session: AsyncSession, confirmation: Confirmation) -> Counter:
    statement = select(Hold).where(Hold.hold_id == confirmation.hold_id)
    found = (await session.execute(statement)).scalar_one()
    counter = await locked(session, found.account_id, found.limit_type)
    counter.held -= found.granted
    counter.used += confirmation.quantity
    found.state, found.confirmed = "confirmed", confirmation.quantity
    return counter


def usage_of(counter: Counter) -> Usage:
    return Usage(
        account_id=counter.account_id,
        limit_type=counter.limit_type,
        used=counter.used,
        held=counter.held,
        limit=counter.allowed,
    )
