"""What the services said, read from the topics as any other program would read it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

import msgspec
from aiokafka import AIOKafkaConsumer

from deploy.demo.hearing import from_now_on
from shared.contracts.credits import CreditsCommitted, UsageRecorded
from shared.contracts.operating import AlertRaised
from shared.contracts.topics import TOPICS
from shared.kafka import Record

REPLIES = "replies.pipeline"
FACTS = (CreditsCommitted.topic, UsageRecorded.topic, AlertRaised.topic)
DEAD_LETTERS = tuple(topic.name for topic in TOPICS if topic.name.endswith(".dlq"))
POLL_MILLISECONDS = 50
COMPLETE_WITHIN_SECONDS = 60.0
NEVER = 2**63

committed = msgspec.json.Decoder(CreditsCommitted).decode
usage = msgspec.json.Decoder(UsageRecorded).decode
alert = msgspec.json.Decoder(AlertRaised).decode


@dataclass
class Evidence:
    """Facts are told at least once: a repeat has the id of the first, and is dropped."""

    charges: dict[str, CreditsCommitted] = field(default_factory=dict)  # By operation.
    rows: list[UsageRecorded] = field(default_factory=list)
    alerts: Counter[str] = field(default_factory=Counter)  # Operators', by kind.
    answers: dict[str, set[str]] = field(default_factory=dict)  # Ids of answers, by request.
    dead_letters: int = 0
    first_answer: int = NEVER  # When the broker took it, in Unix milliseconds.
    last_charge: int = 0
    _seen: set[str] = field(default_factory=set)

    @property
    def seconds(self) -> float:
        """From the first answer to the last charge, by the broker's clock."""
        return max(1, self.last_charge - self.first_answer) / 1000

    def take(self, record: Record) -> None:
        headers = dict(record.headers)
        identity = str((headers.get("ce_id") or b"").decode())
        if record.topic in DEAD_LETTERS:
            self.dead_letters += 1
        elif record.topic == REPLIES:
            request = (headers.get("correlation_id") or b"").decode()
            self.answers.setdefault(request, set()).add(identity)
            self.first_answer = min(self.first_answer, record.timestamp)
        elif identity not in self._seen:
            self._seen.add(identity)
            self._take_fact(record)

    def _take_fact(self, record: Record) -> None:
        value = record.value or b""
        if record.topic == CreditsCommitted.topic:
            fact = committed(value)
            self.charges[fact.operation_id] = fact
            self.last_charge = max(self.last_charge, record.timestamp)
        elif record.topic == UsageRecorded.topic:
            self.rows.append(usage(value))
        elif (told := alert(value)).audience == "ops":
            self.alerts[told.kind] += 1


@dataclass
class Reader:
    """Reads the topics from where they ended when it was opened, in no group."""

    consumer: AIOKafkaConsumer
    evidence: Evidence = field(default_factory=Evidence)

    @classmethod
    @asynccontextmanager
    async def opened(cls, servers: str) -> AsyncIterator[Self]:
        async with from_now_on(servers, {REPLIES, *FACTS, *DEAD_LETTERS}) as consumer:
            yield cls(consumer)

    async def catch_up(self, operations: Collection[str]) -> None:
        """Read until all of them are charged, then everything that is there by now.

        If they never are, that is for the checks to say.
        """
        missing = set(operations)
        with suppress(TimeoutError):
            async with asyncio.timeout(COMPLETE_WITHIN_SECONDS):
                while missing := missing - self.evidence.charges.keys():
                    await self._poll()
                ends = await self.consumer.end_offsets(self.consumer.assignment())
                for place, end in ends.items():
                    while await self.consumer.position(place) < end:
                        await self._poll()

    async def _poll(self) -> None:
        polled = await self.consumer.getmany(timeout_ms=POLL_MILLISECONDS)
        for records in polled.values():
            for record in records:
                self.evidence.take(record)
