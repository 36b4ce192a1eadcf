"""Kinds of operations: how they are published, which records end them, how they then stand."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from deploy.bench import laps, trace
from deploy.bench.crew import Crew
from deploy.bench.laps import Count, Lap
from deploy.bench.load import (
    REPLY_TOPIC,
    Granted,
    Life,
    Load,
    completions_of,
    requests_of,
    whole,
)
from deploy.bench.naive.rows import SCHEMA
from deploy.bench.rig import Rig
from deploy.bench.subjects import CREDITS, LIMITS, Subject
from shared.contracts.credits import CreditsCommitted
from shared.contracts.limits import HoldConfirmed, UsageChanged

NAIVE_OPERATIONS = 1000
OPEN_HOLDS = """
    SELECT account_id::text, hold_id::text, granted FROM {schema}.holds WHERE state = 'held'
"""

Lives: TypeAlias = Callable[[Rig, Sequence[str]], Sequence[Life]]


@dataclass(frozen=True, slots=True)
class End:
    """What is published once all is answered, and which records of what topic end it."""

    load: Callable[[Rig, Sequence[Life]], Awaitable[Load]]
    effect: str
    count: Count = Rig.length


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operation is; `end` where all are asked for before the first of them ends."""

    lives: Lives
    load: Callable[[Sequence[Life]], Load]
    effect: str
    states: frozenset[str]
    subject: Subject = CREDITS
    end: End | None = None

    async def lap(self, rig: Rig, crew: Crew, lives: Sequence[Life]) -> Lap:
        lap = await laps.run(rig, crew, self.load(lives), self.effect)
        if self.end is None:
            return lap
        load = await self.end.load(rig, lives)
        return lap.then(await laps.run(rig, crew, load, self.end.effect, self.end.count))


def drawn(count: int) -> Lives:
    """So many operations of accounts drawn by chance, each as likely as the other."""
    return lambda rig, accounts: rig.lives(count, accounts)


def traced(rig: Rig, accounts: Sequence[str]) -> Sequence[Life]:
    """The operations of the real trace."""
    return trace.lives(rig.pipeline, accounts)


async def completed(_: Rig, lives: Sequence[Life]) -> Load:
    return completions_of(lives)


async def confirmed(rig: Rig, _: Sequence[Life]) -> Load:
    """Of all that the service holds; only its rows tell which holds these are."""
    return await confirmations(rig, rig.subject.name)


async def confirmed_naively(rig: Rig, _: Sequence[Life]) -> Load:
    return await confirmations(rig, SCHEMA)


async def confirmations(rig: Rig, schema: str) -> Load:
    rows = await rig.database.fetch(OPEN_HOLDS.format(schema=schema))
    return rig.pipeline.confirmations([Granted(*row) for row in rows])


HELD, CHARGED, CONFIRMED = (frozenset({state}) for state in ("held", "committed", "confirmed"))
RESERVE = Kind(drawn(60_000), requests_of, REPLY_TOPIC, HELD)
REFUSALS = Kind(drawn(60_000), requests_of, REPLY_TOPIC, HELD | {"refused"})
LIFE = Kind(drawn(40_000), whole, CreditsCommitted.topic, CHARGED)
TRACE = Kind(traced, whole, CreditsCommitted.topic, CHARGED)
HOLD = Kind(drawn(60_000), requests_of, REPLY_TOPIC, HELD, LIMITS)
# A confirmation has no fact of its own: the state of its account is told once a batch.
CONFIRM = Kind(
    drawn(40_000),
    requests_of,
    REPLY_TOPIC,
    CONFIRMED,
    LIMITS,
    End(confirmed, HoldConfirmed.topic, Rig.applied),
)
# The naive way keeps no order between topics: it is told the ends only after all requests.
NAIVE_RESERVE = Kind(drawn(NAIVE_OPERATIONS), requests_of, REPLY_TOPIC, HELD)
NAIVE_LIFE = replace(NAIVE_RESERVE, states=CHARGED, end=End(completed, CreditsCommitted.topic))
NAIVE_HOLD = replace(NAIVE_RESERVE, subject=LIMITS)
NAIVE_CONFIRM = replace(
    NAIVE_HOLD, states=CONFIRMED, end=End(confirmed_naively, UsageChanged.topic)
)
