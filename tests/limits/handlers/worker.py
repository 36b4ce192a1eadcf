"""A worker of limits without a consumer: it is told things, sweeps, and is asked about them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count

import msgspec

from services.limits import domain
from services.limits.handlers import Limits, answer, obey, sweep
from shared.contracts.credits import BalanceChanged
from shared.contracts.limits import ANNOUNCED, LimitsQuery, UsageChanged
from shared.contracts.message import Message
from shared.contracts.types import Json, JsonObject
from shared.kafka import Letter, Reader, Record
from shared.postgres import Database
from shared.service import Service
from tests.alone import alone, own_everything, recover
from tests.making import letter, reader, record
from tests.recorder import Recorder, Sent
from tests.signing import VERIFIER

questions = count()
SAID = {message.topic: message for message in ANNOUNCED}


@dataclass
class Worker:
    """A service whose partitions are all its own."""

    limits: Limits
    recorder: Recorder
    reader: Reader

    @property
    def service(self) -> Service:
        return self.limits.service

    async def obey(self, *said: "Record | Message") -> list[Sent]:
        """Apply a poll, and give what it sends."""
        before = len(self.recorder.sent)
        records = [record(x) if isinstance(x, Message) else x for x in said]
        await obey(self.limits, self.reader.read_all(records))
        await self.service.outbox.settled()
        return [readable(one) for one in self.recorder.sent[before:]]

    async def sweep(self) -> list[Sent]:
        before = len(self.recorder.sent)
        await sweep(self.limits)
        await self.service.outbox.settled()
        return [readable(one) for one in self.recorder.sent[before:]]

    async def notes(self, *states: BalanceChanged) -> None:
        """Hear what credits says, in the group of the questions."""
        await self.reads(*map(letter, states))

    async def reads(self, *letters: Letter) -> None:
        """One poll in the group of the questions, until its answers have arrived."""
        await answer(self.limits, letters)
        await self.service.courier.settled()

    async def answers(self, *letters: Letter) -> list[JsonObject]:
        """One poll of questions; give their replies in the order of the questions."""
        before = len(self.recorder.sent)
        await self.reads(*letters)
        replies = {one.header("correlation_id"): one.said for one in self.recorder.sent[before:]}
        return [replies[asked.headers["correlation_id"]] for asked in letters]

    async def asked(self, query: str, account: str | None, **params: Json) -> JsonObject:
        """What is replied to a service's question."""
        asked = LimitsQuery(query=query, params=params, account_id=account)
        await self.reads(letter(asked, {"correlation_id": b"%d" % next(questions)}))
        return self.recorder.sent[-1].said

    async def tells(self, query: str, account: str | None, **params: Json) -> JsonObject:
        reply = await self.asked(query, account, **params)
        assert reply["status"] == "ok", reply
        data: JsonObject = reply["data"]
        return data

    async def recover(self) -> None:
        await recover(self.service)

    async def fetch(self, query: str, *parameters: object) -> list[tuple[Json, ...]]:
        rows = await self.service.database.pool_for(None).fetch(query, *parameters)
        return [tuple(row) for row in rows]


def readable(one: Sent) -> Sent:
    """What is said can be read by whoever goes by the contract."""
    if one.topic in SAID:
        msgspec.json.decode(one.value or b"", type=SAID[one.topic])
    return one


def states(sent: Sequence[Sent]) -> dict[str, tuple[int, int]]:
    """What is used and held of each limit, in the last state that was said."""
    said = [one.said for one in sent if one.topic == UsageChanged.topic]
    return {row["type"]: (row["current"], row["held"]) for row in said[-1]["limits"]}


@asynccontextmanager
async def working(
    url: str,
    recorder: Recorder | None = None,
    wrap: Callable[[Database], Database] = lambda database: database,
    clock_offset: float = 0,
) -> AsyncIterator[Worker]:
    """Have a worker; `wrap` may stand between it and its database."""
    recorder = recorder or Recorder()
    async with alone("limits", url, recorder, wrap, clock_offset) as service:
        limits = Limits(service)
        service.on_commands(domain.OBEYED, partial(obey, limits))
        own_everything(service)
        yield Worker(limits, recorder, reader(*domain.OBEYED, verifier=VERIFIER))
