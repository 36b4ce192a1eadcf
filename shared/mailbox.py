"""One writer and one reader for all requests of a process: answers find whoever waits for them.

What is asked in one turn of the event loop is one batch; while a batch is under way the next one
gathers. The reader has one partition of a reply topic and no group: whoever asked before is gone.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, Self

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as Place
from aiokafka.errors import KafkaError

from shared.connection import reading, send, writing
from shared.contracts.errors import unavailable
from shared.contracts.message import Message, Reply, Request, encode
from shared.contracts.replies import ReplyTopic
from shared.envelope import Outgoing
from shared.fetching import whole
from shared.kafka import Record
from shared.lanes import divides_the_lanes, partition_of
from shared.publisher import packed
from shared.wire import header, stamped

MAX_WAITING = 100_000  # Requests without an answer; more are answered `unavailable` at once.
LISTEN_MILLISECONDS = 10_000
PAUSE_AFTER_FAILURE_SECONDS = 0.5
CLOSED, FAILED = "The client was closed before an answer came.", "The client has failed."
TOO_MANY = "Too many requests are waiting for an answer."

log = logging.getLogger(__name__)  # A library says what it has to say as its user wishes.


class Address(NamedTuple):
    """Where replies go; of so many partitions is every topic."""

    topic: ReplyTopic
    partition: int
    partitions: int


@dataclass(slots=True, eq=False)
class Enquiry:
    """A request that somebody waits for; times are those of the event loop."""

    request: Request
    actor: str | None
    done_before: float | None  # A command is not done later; None: it is a question.
    name: bytes  # The correlation id.
    answer: "asyncio.Future[Reply]"

    def is_wanted(self, now: float) -> bool:
        late = self.done_before is not None and self.done_before <= now
        return not late and not self.answer.done()


@dataclass(eq=False)
class Mailbox:
    """Sends what is posted, and hands each reply to its enquiry."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    address: Address
    own: str = field(default_factory=lambda: secrets.token_hex(8))
    asked: int = 0
    waiting: dict[bytes | None, Enquiry] = field(default_factory=dict)
    _enquiries: list[Enquiry] = field(default_factory=list)
    _records: list[Outgoing] = field(default_factory=list)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _failure: BaseException | None = None

    def __post_init__(self) -> None:
        self._sent = asyncio.get_running_loop().create_future()
        reply_partition = b"%d" % self.address.partition
        self._reply_headers = [
            header("reply_to", self.address.topic.encode()),
            header("reply_partition", reply_partition),
        ]

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, servers: str, topic: ReplyTopic, partition: int | None
    ) -> AsyncIterator[Self]:
        """Have one until the end of the block; without a partition any; KafkaError: no broker."""
        async with writing(servers) as producer:
            partitions = len(await producer.partitions_for(topic))
            assert divides_the_lanes(partitions), "topics are made for lanes"
            chosen = secrets.randbelow(partitions) if partition is None else partition
            async with reading(servers, Place(topic, chosen)) as consumer:
                mailbox = cls(producer, consumer, Address(topic, chosen, partitions))
                async with mailbox._working():
                    yield mailbox

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        tasks = [self._watched(self._send_all()), self._watched(self._read_all())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._dismiss(CLOSED)

    def _watched(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._stop_if_failed)
        return task

    def _stop_if_failed(self, task: "asyncio.Task[None]") -> None:
        """Half of it would be silent for ever: so nobody is left waiting."""
        if not task.cancelled() and (error := task.exception()):
            log.critical("The client failed for good", exc_info=error)
            self._failure = error
            self._dismiss(FAILED)

    def _dismiss(self, message: str) -> None:
        for enquiry in self.waiting.values():
            if not enquiry.answer.done():
                enquiry.answer.set_result(no_answer(enquiry.request, message))
        fail(self._sent, KafkaError(message))

    def enquire(self, request: Request, actor: str | None, done_before: float | None) -> Enquiry:
        """Post a request under a correlation id of its own; `forget` it when it is over."""
        self.asked += 1
        name = f"{self.own}-{self.asked}".encode()
        answer = asyncio.get_running_loop().create_future()
        enquiry = Enquiry(request, actor, done_before, name, answer)
        if self._failure is not None or len(self.waiting) >= MAX_WAITING:
            answer.set_result(no_answer(request, FAILED if self._failure else TOO_MANY))
        else:
            self.waiting[name] = enquiry
            self.post(enquiry)
        return enquiry

    def post(self, enquiry: Enquiry) -> None:
        """Send it, or send it once more."""
        self._enquiries.append(enquiry)
        self._wanted.set()

    def forget(self, enquiry: Enquiry) -> None:
        """Expect no answer any more; what still lies here is not sent."""
        self.waiting.pop(enquiry.name, None)
        enquiry.answer.cancel()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Send, in order, what nobody answers; KafkaError when the broker did not take it."""
        self._records += [self._written(message, ()) for message in messages]
        self._wanted.set()
        await asyncio.shield(self._sent)

    async def _send_all(self) -> None:
        """At most one batch is under way: that keeps order, and is back-pressure."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            sent, self._sent = self._sent, asyncio.get_running_loop().create_future()
            try:
                await send(self.producer, packed(self._take()))
            except KafkaError as error:
                log.warning("The broker did not take a batch: %r", error)
                fail(sent, error)
            else:
                sent.set_result(None)

    def _take(self) -> list[Outgoing]:
        """Write what was posted, but for what nobody waits for or must not be done any more."""
        now = asyncio.get_running_loop().time()
        records, self._records = self._records, []
        enquiries, self._enquiries = self._enquiries, []
        wanted = [enquiry for enquiry in enquiries if enquiry.is_wanted(now)]
        return records + [self._written(x.request, self._headers(x, now)) for x in wanted]

    def _headers(self, enquiry: Enquiry, now: float) -> list[bytes]:
        headers = [*self._reply_headers, header("correlation_id", enquiry.name)]
        if enquiry.done_before is not None:
            left = max(1, int((enquiry.done_before - now) * 1000))
            headers.append(header("ttl_ms", b"%d" % left))
        if enquiry.actor is not None:
            headers.append(header("actor", enquiry.actor.encode()))
        return headers

    def _written(self, message: Message, headers: Sequence[bytes]) -> Outgoing:
        """Under its key, in the partition of its lane: elsewhere it would be refused."""
        key = (message.account_id or message.subject).encode()
        record = stamped(key, encode(message), headers, len(headers))
        return Outgoing(message.topic, partition_of(key, self.address.partitions), record)

    async def _read_all(self) -> None:
        while True:
            try:
                polled = whole(await self.consumer.getmany(timeout_ms=LISTEN_MILLISECONDS))
            except KafkaError as error:
                log.warning("Replies could not be read: %r", error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
                continue
            for records in polled.values():
                for record in records:
                    self.receive(record)

    def receive(self, record: Record) -> None:
        """Hand a final reply to whoever waits for it; others belong to other processes."""
        name = next((value for key, value in record.headers if key == "correlation_id"), None)
        enquiry = self.waiting.get(name)
        if enquiry is None or enquiry.answer.done():
            return
        try:
            reply = decoder(enquiry.request.answer).decode(record.value or b"")
        except msgspec.DecodeError as error:
            log.warning("A reply could not be read: %s", error)
            return
        if reply.status != "accepted":
            enquiry.answer.set_result(reply)


@cache
def decoder(answer: type[Reply]) -> "msgspec.json.Decoder[Reply]":
    return msgspec.json.Decoder(answer)


def no_answer(request: Request, message: str) -> Reply:
    """What is said in place of whoever does not answer: closed, never open."""
    return request.answer(
        account_id=request.account_id,
        command=request.topic,
        id=request.subject,
        status="error",
        error=unavailable(message),
    )


def fail(future: "asyncio.Future[None]", error: KafkaError) -> None:
    """End it with an error, whether anybody waits for it or not."""
    if not future.done():
        future.set_exception(error)
        future.exception()
