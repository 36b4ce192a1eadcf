"""Somebody who is told things and asked about them, over letters as Kafka brings them."""

from dataclasses import dataclass
from itertools import count

from services.credits.handlers import Credits, answer, obey
from shared.actor import Actor, sign
from shared.contracts.credits import CreditsQuery
from shared.contracts.message import Message
from shared.contracts.types import Json, JsonObject, Role
from shared.kafka import Letter
from tests.making import letter, reader, record
from tests.recorder import Recorder, Sent
from tests.signing import EXPIRES, KEY, ME, VERIFIER

reading = reader(CreditsQuery, verifier=VERIFIER)
numbers = count()


def token(role: Role, account: str | None, sub: str = ME) -> bytes:
    """What the web app puts into the header `actor`."""
    return sign(Actor(sub=sub, role=role, exp=EXPIRES, account_id=account), KEY)


def question(
    query: str, account: str | None, params: JsonObject | None = None, actor: bytes | None = None
) -> Letter:
    """A question as it is read from Kafka; without an actor a service asks."""
    asked = CreditsQuery(query=query, params=params, account_id=account)
    headers = {"correlation_id": f"question {next(numbers)}".encode()}
    if actor is not None:
        headers["actor"] = actor
    return reading.read(record(asked, headers))


@dataclass
class Clerk:
    """Credits with a recorder where Kafka would be."""

    credits: Credits
    recorder: Recorder

    async def hears(self, *messages: Message) -> list[Sent]:
        """One poll of what others say; give what follows from it."""
        before = len(self.recorder.sent)
        await obey(self.credits, [letter(message) for message in messages])
        await self.credits.service.outbox.settled()
        return self.recorder.sent[before:]

    async def answers(self, *letters: Letter) -> list[JsonObject]:
        """One poll of questions; give their replies in the order of the questions."""
        before = len(self.recorder.sent)
        await self.reads(*letters)
        replies = {one.header("correlation_id"): one.said for one in self.recorder.sent[before:]}
        return [replies[asked.headers["correlation_id"]] for asked in letters]

    async def reads(self, *letters: Letter) -> None:
        """One poll in the group of the questions, until its answers have arrived."""
        await answer(self.credits, letters)
        await self.credits.service.courier.settled()

    async def tells(
        self, query: str, account: str | None, actor: bytes | None = None, **params: Json
    ) -> JsonObject:
        """What is answered to one question."""
        (reply,) = await self.answers(question(query, account, params, actor))
        data: JsonObject = reply["data"]
        return data

    async def refuses(
        self, query: str, account: str | None, actor: bytes | None = None, **params: Json
    ) -> JsonObject:
        """The error with which one question is answered."""
        (reply,) = await self.answers(question(query, account, params, actor))
        error: JsonObject = reply["error"]
        return error
