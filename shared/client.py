"""Request and await the answer: what the web app and the pipelines import.

A lost answer is a slow answer, never a wrong one: after a while the client asks for the stored
outcome by id, sends the same command again when there is none, and at last answers `unavailable`
itself; by then nobody will do the command any more, because it carries its `ttl_ms`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self
from uuid import uuid4

import msgspec
from aiokafka.errors import KafkaError

from shared.connection import ARRIVAL_SECONDS
from shared.contracts.asking import Params
from shared.contracts.message import Message, Reply, Request, encode
from shared.contracts.operating import AskOutcome, Outcome, fingerprint
from shared.contracts.replies import ReplyTopic
from shared.contracts.services import SERVICES, Service, answering
from shared.mailbox import Enquiry, Mailbox, no_answer

TTL_SECONDS = 6.0  # A command is done within this time or never.
PATIENCE_SECONDS = 2.0  # Then the stored outcome is asked for; twice as long each time.
PUBLISH_SECONDS = 30.0
PAUSE_BETWEEN_ATTEMPTS_SECONDS = 0.5
SILENCE = "No answer came in time; asking again is safe."


class Client:
    """Asks the services on behalf of one process, thousands of requests at a time.

    `async with Client.connected("127.0.0.1:9092") as client: reply = await client.request(...)`
    """

    def __init__(self, mailbox: Mailbox, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._mailbox, self._patience = mailbox, patience_seconds

    @classmethod
    @asynccontextmanager
    async def connected(
        cls,
        servers: str,
        topic: ReplyTopic = "replies.pipeline",
        partition: int | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> AsyncIterator[Self]:
        """Be ready for answers until the end of the block; KafkaError when there is no broker.

        Processes may share a partition: each reads what the others are answered, too.
        """
        async with Mailbox.opened(servers, topic, partition) as mailbox:
            yield cls(mailbox, patience_seconds)

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._mailbox.waiting)

    async def request(
        self, command: Request, *, actor: str | None = None, ttl_seconds: float = TTL_SECONDS
    ) -> Reply:
        """Give the final answer to a command, of its own type (`command.answer`); never raises.

        Its `error` is `unavailable`, and retryable, when nobody answers within `ttl_seconds` and
        the time that a record may be under way. `actor`: the signed token of whoever asks.
        """
        now = asyncio.get_running_loop().time()
        enquiry = self._mailbox.enquire(command, actor, now + ttl_seconds)
        return await self._answer_to(enquiry, now + ttl_seconds + ARRIVAL_SECONDS)

    async def ask(
        self,
        question: Params,
        account_id: str | None = None,
        *,
        actor: str | None = None,
        service: Service | None = None,
        seconds: float = TTL_SECONDS,
    ) -> Reply:
        """Give the answer to a question; its `data` has the type `question.answer`.

        `service` says which one, where several answer it.
        """
        asked = service or next(x for x in SERVICES if type(question) in x.asked)
        until = asyncio.get_running_loop().time() + seconds
        query = query_of(asked, question, account_id)
        reply = await self._answer_to(self._mailbox.enquire(query, actor, None), until)
        if reply.data is None:
            return reply
        return msgspec.structs.replace(reply, data=msgspec.convert(reply.data, question.answer))

    async def publish(self, events: Sequence[Message]) -> None:
        """Return when the broker has these events, however often it takes; else KafkaError.

        They are in order an account, and may be there twice: each acts once.
        """
        until = asyncio.get_running_loop().time() + PUBLISH_SECONDS
        while True:
            try:
                return await self._mailbox.publish(events)
            except KafkaError:
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(PAUSE_BETWEEN_ATTEMPTS_SECONDS)

    async def _answer_to(self, enquiry: Enquiry, until: float) -> Reply:
        try:
            return await self._insist(enquiry, until)
        finally:
            self._mailbox.forget(enquiry)

    async def _insist(self, enquiry: Enquiry, until: float) -> Reply:
        patience = self._patience
        while (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait((enquiry.answer,), timeout=min(patience, left))
            if enquiry.answer.done():
                return enquiry.answer.result()
            if stored := await self._stored(enquiry, until):
                return stored
            self._mailbox.post(enquiry)
            patience *= 2
        return no_answer(enquiry.request, SILENCE)

    async def _stored(self, enquiry: Enquiry, until: float) -> Reply | None:
        """The answer, if there is one by now: it came late, or it was given and lost."""
        command = enquiry.request
        if enquiry.done_before is None:
            return None
        service = answering(command)
        question = AskOutcome(topic=command.topic, id=command.subject)
        query = query_of(service, question, command.account_id)
        asked = self._mailbox.enquire(query, enquiry.actor, None)
        left = min(self._patience, until - asyncio.get_running_loop().time())
        try:
            await asyncio.wait(
                (enquiry.answer, asked.answer), timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            if enquiry.answer.done():
                return enquiry.answer.result()
            return outcome(command, asked.answer.result()) if asked.answer.done() else None
        finally:
            self._mailbox.forget(asked)


def query_of(service: Service, question: Params, account_id: str | None) -> Request:
    """The record that asks a service a question."""
    asked = {
        "query": question.query,
        "params": msgspec.to_builtins(question),
        "request_id": str(uuid4()),
        "account_id": account_id,
    }
    return msgspec.convert(asked, service.queries[0])


def outcome(command: Request, reply: Reply) -> Reply | None:
    """The stored answer as if it came now; None when there is none yet, or nobody can tell.

    An answer to other content under this id is none: who sends it again learns of the conflict.
    """
    found = msgspec.convert(reply.data or {"known": False}, Outcome)
    if found.reply is None or found.fingerprint != fingerprint(encode(command)):
        return None
    said = {
        "account_id": command.account_id,
        "topic": command.topic,
        "id": command.subject,
        "status": found.reply.status,
        "data": found.reply.data,
        "error": found.reply.error,
        "replayed": True,
    }
    return msgspec.convert(said, command.answer)
