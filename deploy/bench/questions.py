"""How long questions take beside all the commands that the workers can obey, over a long past."""

import random
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from typing import NamedTuple, TypeAlias

import msgspec

from deploy.bench import history, laps
from deploy.bench.asker import Answered, Asker, Due
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Answers, Spread
from deploy.bench.history import Charged
from deploy.bench.kinds import LIFE
from deploy.bench.latency import percentile
from deploy.bench.load import SEED, whole
from deploy.bench.rig import Rig
from deploy.bench.throughput import ACCOUNTS, same_accounts
from deploy.errors import OperatorError
from shared.contracts.credits import CreditsQuery
from shared.contracts.message import encode
from shared.contracts.moments import rising_ids
from shared.contracts.types import JsonObject
from shared.envelope import Outgoing
from shared.lanes import lane_of
from shared.wire import header, stamped

ANSWERS_TOPIC = "replies.web"
REPLY_TO = header("reply_to", ANSWERS_TOPIC.encode())
OPERATIONS = 1_000_000  # Each has one row of usage.
REMEMBERED = 1000  # Operations that are asked about.
LIVES = 100_000  # More than are obeyed while the questions last.
PERCENTILES = 0.5, 0.95, 0.99

Ask: TypeAlias = Callable[[Charged], JsonObject]
# A member who looks around: his balance, his pages, the charts of the last month or quarter.
MIX: Sequence[tuple[str, Ask]] = (
    ("credits.balance", lambda _: {}),
    ("credits.transactions", lambda _: {"preset": "30d"}),
    ("usage.log", lambda _: {"preset": "30d"}),
    ("credits.insights", lambda _: {"dimension": "action", "preset": "30d"}),
    ("credits.forecast", lambda _: {}),
    ("operation.detail", lambda work: {"operation_id": work.operation_id}),
    ("credits.balance", lambda _: {}),
    ("credits.transactions", lambda _: {"type": ["deduction"], "preset": "90d"}),
    ("usage.log", lambda _: {"sort": "credits", "preset": "7d"}),
    ("credits.insights", lambda _: {"dimension": "timeline", "preset": "90d"}),
    ("credits.forecast", lambda _: {}),
    ("operation.detail", lambda work: {"operation_id": work.operation_id}),
)


class Said(msgspec.Struct):
    """Of a reply what tells whether it is an answer."""

    status: str


class Heard(NamedTuple):
    """One repeat: the answers of each kind of question, and what went on beside them."""

    milliseconds: Mapping[str, Sequence[float]]  # Sorted.
    beside: float  # Lives a second.
    elsewhere: float

    @property
    def all(self) -> Sequence[float]:
        return sorted(one for some in self.milliseconds.values() for one in some)


@dataclass(frozen=True, slots=True)
class Questions:
    """So many questions a second, by the clock, while lives wait to be obeyed all the time."""

    name: str
    title: str
    processes: int
    rate: int
    seconds: int
    repeats: int
    operations: int = OPERATIONS
    lives: int = LIVES

    async def measure(self, rig: Rig) -> Answers:
        accounts = same_accounts(ACCOUNTS)
        with working(rig.workers(self.processes)):
            await rig.caught_up()
        async with history.written(rig, accounts, self.operations, REMEMBERED) as known:
            with working([*rig.workers(self.processes), rig.answerer()]) as crew:
                async with Asker.connected(rig, ANSWERS_TOPIC) as asker:
                    await self.repeat(rig, crew, asker, known)  # Warms up: servers, too, compile.
                    heard = [
                        await self.repeat(rig, crew, asker, known) for _ in range(self.repeats)
                    ]
                await rig.caught_up()
                await history.check(rig)
        return self.figure(heard)

    async def repeat(self, rig: Rig, crew: Crew, asker: Asker, known: Sequence[Charged]) -> Heard:
        """Ask once the commands are under way; they must outlast the last answer."""
        accounts = same_accounts(ACCOUNTS)
        plan, kinds = self.plan(rig, known, self.seconds)
        start = await rig.length(LIFE.effect)
        crew.freeze()
        await rig.publish(whole(rig.pipeline.lives(self.lives, accounts)))
        crew.thaw()
        first = await laps.reach(rig, crew, LIFE.effect, start + 1)
        before = rig.servers.read(crew.processes())
        answers = await asker.ask(plan)
        last = await rig.length(LIFE.effect)
        after = rig.servers.read(crew.processes())
        if last >= start + self.lives:
            raise OperatorError(f"{self.title}: the commands were over before the questions")
        await laps.reach(rig, crew, LIFE.effect, start + self.lives)
        beside = (last - first) / (after.at - before.at)
        return Heard(by_kind(answers, kinds), beside, before.elsewhere_until(after))

    def plan(
        self, rig: Rig, known: Sequence[Charged], seconds: int
    ) -> tuple[list[Due], Mapping[str, str]]:
        """Each kind in turn about what chance draws; and under which name what was asked."""
        chance = random.Random(SEED)  # noqa: S311 - The same in every run.
        ids = rising_ids(datetime.now(UTC), secrets.token_bytes(6))
        plan, kinds = [], {}
        for number, (query, ask) in zip(range(self.rate * seconds), cycle(MIX), strict=False):
            request_id, about = next(ids), chance.choice(known)
            question = CreditsQuery(
                account_id=about.account_id, query=query, params=ask(about), request_id=request_id
            )
            kinds[request_id] = query
            plan.append(Due(number / self.rate, request_id, outgoing(question, rig.partitions)))
        return plan, kinds

    def figure(self, heard: Sequence[Heard]) -> Answers:
        p50, p95, p99 = (Spread.of(percentile(one.all, p) for one in heard) for p in PERCENTILES)
        return Answers(
            self.name,
            self.title,
            p50,
            p95,
            p99,
            dict(p95_by_kind(heard)),
            self.rate * self.seconds,
            self.repeats,
            self.operations,
            Spread.of(one.beside for one in heard),
            Spread.of(one.elsewhere for one in heard),
        )


def outgoing(question: CreditsQuery, partitions: int) -> Outgoing:
    assert question.account_id is not None, "a member asks about his own account"
    headers = [header("correlation_id", question.subject.encode()), REPLY_TO]
    record = stamped(question.account_id.encode(), encode(question), headers, len(headers))
    return Outgoing(question.topic, lane_of(question.account_id) % partitions, record)


def by_kind(answers: Sequence[Answered], kinds: Mapping[str, str]) -> dict[str, list[float]]:
    """What is no answer makes the whole measurement none."""
    found: dict[str, list[float]] = {}
    for answer in sorted(answers, key=lambda one: one.milliseconds):
        kind = kinds[answer.name]
        if msgspec.json.decode(answer.reply, type=Said).status != "ok":
            raise OperatorError(f"{kind} was answered {answer.reply.decode()}")
        found.setdefault(kind, []).append(answer.milliseconds)
    return found


def p95_by_kind(heard: Sequence[Heard]) -> Iterator[tuple[str, Spread]]:
    for kind in dict.fromkeys(query for query, _ in MIX):
        yield kind, Spread.of(percentile(one.milliseconds[kind], 0.95) for one in heard)
