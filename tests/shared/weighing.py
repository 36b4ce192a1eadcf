"""A service of one command that takes two polls, over real rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from shared import steps
from shared.contracts.message import Message
from shared.contracts.operating import StoredReply
from shared.envelope import Postmark, cause
from shared.kafka import Letter
from shared.postgres import Pool, read_clock, transaction
from shared.steps import RequestRow, Requests
from shared.telling import Told, tell
from tests.making import PARTITIONS
from tests.recorder import Recorder, Sent
from tests.shared.parcels import SECONDS, ScalesAsked, ScalesSaid, WeighRequested, grams, no


@dataclass
class Weighing:
    """The way of a poll, as a service goes it."""

    pool: Pool
    recorder: Recorder = field(default_factory=Recorder)
    clock_offset: float = 0

    async def obeys(self, *letters: Letter) -> list[Sent]:
        """One transaction: lock, decide, write back; then what was said is sent."""
        said = [letter.content for letter in letters if isinstance(letter.content, Message)]
        asked = [(m.account_id, m.topic, m.subject) for m in said if isinstance(m, WeighRequested)]
        came = [(m.account_id, m.ticket) for m in said if isinstance(m, ScalesSaid)]
        async with transaction(self.pool) as tx:
            now = await read_clock(tx, self.clock_offset)
            requests = Requests.of(now, [WeighRequested], await steps.load(tx, asked, came))
            told = Told(Postmark("scales", now, PARTITIONS))
            for one in letters:
                tell(told, one, now, partial(decide, requests, told, one))
            await steps.save(tx, requests.changed)
        return await self.send(told)

    async def sweeps(self, *partitions: int) -> list[Sent]:
        """Another source of messages for the same rows."""
        async with transaction(self.pool) as tx:
            due = await steps.due(tx, partitions, PARTITIONS, 100, self.clock_offset)
            now = await read_clock(tx, self.clock_offset)
            rows = await steps.load(tx, [one.key for one in due])
            requests = Requests.of(now, [WeighRequested], rows)
            told = Told(Postmark("scales", now, PARTITIONS))
            for one in due:
                steps.post(told, steps.expire(requests, one))
            await steps.save(tx, requests.changed)
        return await self.send(told)

    async def send(self, told: Told) -> list[Sent]:
        before = len(self.recorder.sent)
        await self.recorder.send(told.records)
        return self.recorder.sent[before:]


def decide(requests: Requests, told: Told, letter: Letter, said: Message) -> Sequence[Message]:
    if isinstance(said, WeighRequested):
        because = cause(letter, said.account_id, said.subject, PARTITIONS)
        begun = steps.begin(requests, said, steps.address_of(letter, because), "asking", SECONDS)
        if isinstance(begun, RequestRow):
            return [ScalesAsked(account_id=begun.account_id, ticket=begun.ticket)]
        return [] if begun is None else [begun]
    assert isinstance(said, ScalesSaid)
    row = requests.waiting_for(said.account_id, said.ticket)
    if row is not None:
        steps.post(told, steps.finish(requests, row, "done", weighed(said)))
    return []


def weighed(said: ScalesSaid) -> StoredReply:
    return no("provider.failed") if said.grams is None else grams(said.grams)
