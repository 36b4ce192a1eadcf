"""What goes over Kafka for a request, seen by whoever answers: here the test is the service."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from shared.client import Client
from shared.contracts.credits import RunReplied, RunRequested
from shared.contracts.credits.runs import PlannedStage
from shared.contracts.message import Status, encode
from shared.envelope import Outgoing
from shared.kafka import Record
from shared.lanes import lane_of
from shared.publisher import Publisher
from shared.wire import header, stamped
from tests.making import PARTITIONS

OWN_PARTITION = 2


@dataclass
class Clerk:
    """Reads requests for automation runs, and answers as the test says."""

    consumer: AIOKafkaConsumer
    publisher: Publisher

    async def next_request(self) -> Record:
        return await self.consumer.getone()

    async def answers(self, request: Record, *values: bytes) -> None:
        """Send these where the request says."""
        asked = dict(request.headers)
        correlation = header("correlation_id", asked["correlation_id"])
        topic, partition = text(asked["reply_to"]), int(text(asked["reply_partition"]))
        records = [stamped(None, value, [correlation], 1) for value in values]
        await self.publisher.send([Outgoing(topic, partition, record) for record in records])


@pytest.fixture
async def clerk(environment: dict[str, str]) -> AsyncIterator[Clerk]:
    servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
    consumer = AIOKafkaConsumer(RunRequested.topic, bootstrap_servers=servers)
    publisher = Publisher(servers)
    await consumer.start()
    await consumer.seek_to_end()
    await publisher.start()
    yield Clerk(consumer, publisher)
    await publisher.stop()
    await consumer.stop()


@pytest.fixture
async def client(environment: dict[str, str]) -> AsyncIterator[Client]:
    servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
    async with Client.connected(servers, "replies.ops", OWN_PARTITION) as client:
        yield client


def run() -> RunRequested:
    stage = PlannedStage(stage=1, operation_type="clustering", count=1)
    return RunRequested(account_id=str(uuid4()), run_id=str(uuid4()), stages=[stage])


def reply(command: RunRequested, status: Status) -> bytes:
    return encode(RunReplied(command=command.topic, id=command.run_id, status=status))


def text(value: bytes | None) -> str:
    assert value is not None
    return value.decode()


async def test_a_request_says_whose_it_is_where_the_answer_goes_and_how_long_it_counts(
    client: Client, clerk: Clerk
) -> None:
    command = run()
    asking = asyncio.ensure_future(client.request(command, actor="a.b.c", ttl_seconds=3))
    request = await clerk.next_request()
    headers = dict(request.headers)
    assert request.key == command.account_id.encode()
    assert request.partition == lane_of(command.account_id) % PARTITIONS
    assert headers["reply_to"] == b"replies.ops"
    assert headers["reply_partition"] == b"%d" % OWN_PARTITION
    assert headers["actor"] == b"a.b.c"
    assert 2000 < int(text(headers["ttl_ms"])) <= 3000
    await clerk.answers(request, reply(command, "ok"))
    assert (await asking).status == "ok"


async def test_accepted_is_not_the_answer_but_what_follows_it(client: Client, clerk: Clerk) -> None:
    command = run()
    asking = asyncio.ensure_future(client.request(command))
    request = await clerk.next_request()
    await clerk.answers(request, reply(command, "accepted"), reply(command, "partial"))
    assert (await asking).status == "partial"


async def test_of_two_answers_the_first_counts(client: Client, clerk: Clerk) -> None:
    command = run()
    asking = asyncio.ensure_future(client.request(command))
    request = await clerk.next_request()
    await clerk.answers(request, reply(command, "ok"), reply(command, "partial"))
    assert (await asking).status == "ok"


async def test_an_answer_that_nobody_can_read_is_as_if_it_had_not_come(
    client: Client, clerk: Clerk
) -> None:
    command = run()
    asking = asyncio.ensure_future(client.request(command))
    request = await clerk.next_request()
    await clerk.answers(request, b'{"topic":', b"{}", reply(command, "ok"))
    assert (await asking).status == "ok"


async def test_answers_to_others_do_not_disturb(client: Client, clerk: Clerk) -> None:
    command = run()
    stranger = Outgoing("replies.ops", OWN_PARTITION, stamped(None, b"{}", [], 0))
    asking = asyncio.ensure_future(client.request(command))
    request = await clerk.next_request()
    await clerk.publisher.send([stranger])
    await clerk.answers(request, reply(command, "ok"))
    assert (await asking).status == "ok"


async def test_whoever_waits_when_the_client_is_closed_is_told_so(
    environment: dict[str, str],
) -> None:
    async with Client.connected(environment["KAFKA_BOOTSTRAP_SERVERS"]) as client:
        asking = asyncio.ensure_future(client.request(run()))
        await asyncio.sleep(0)
    closed = await asking
    assert closed.error is not None
    assert (closed.error.code, closed.error.retryable) == ("unavailable", True)
