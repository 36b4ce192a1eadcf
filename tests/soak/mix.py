"""What a second of business sends: lives of operations, runs, money that goes back, changes."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from shared.actor import Actor, private_key_of, sign
from shared.contracts.credits import OperationCompleted, OperationRequested
from shared.contracts.message import Message, encode
from shared.contracts.types import Role
from shared.envelope import Outgoing
from shared.lanes import partition_of
from shared.wire import header, stamped
from tests import correcting, making, running
from tests.credits.rules.pricing import config_update
from tests.faults.scene import NUMBERS, accounts, some_numbers
from tests.making import PARTITIONS, outgoing
from tests.soak.mix_of_limits import MixOfLimits

ACCOUNTS, PLENTY, PACKAGE = 40, 10**9, 10**6
AN_ARTICLE = 47  # Credits.
TWICE = 0.2  # Of what is sent.
FAILS = 0.1  # Of the operations.
A_DAY_SECONDS = 86_400


@dataclass
class Mix:
    """Remembers what it said, and what must come of it."""

    chance: random.Random
    environment: Mapping[str, str]
    lives_a_second: int
    owners: list[str] = field(default_factory=lambda: accounts(ACCOUNTS))
    asked: list[OperationRequested] = field(default_factory=list)
    articles: set[tuple[str, str]] = field(default_factory=set)  # Done, and to be charged once.
    adjusted: int = 0
    said: int = 0
    changes: Iterator[int] = field(default_factory=count)
    limits: MixOfLimits = field(init=False)

    def __post_init__(self) -> None:
        self.limits = MixOfLimits(self.chance, self.admin_of)

    @property
    def charged(self) -> int:
        return AN_ARTICLE * len(self.articles)

    def funding(self) -> list[Outgoing]:
        """Plenty of both kinds, so that nothing is ever short."""
        plan = zip(self.owners, some_numbers(ACCOUNTS), strict=True)
        packs = zip(self.owners, some_numbers(ACCOUNTS), strict=True)
        said = [making.paid(PLENTY, owner, invoice=n) for owner, n in plan]
        said += [
            making.paid(PACKAGE, owner, invoice=n, kind="credit_package", code="pro")
            for owner, n in packs
        ]
        return [outgoing(message) for message in said]

    def second(self) -> list[Outgoing]:
        """Everything of one second, a fifth of it twice."""
        few = max(1, self.lives_a_second // 20)
        said = [message for _ in range(self.lives_a_second) for message in self.life()]
        said += [message for _ in range(few) for message in self.run()]
        said += [message for _ in range(few) for message in self.refund()]
        records = [outgoing(message) for message in said]
        records += [self.adjustment(), *self.price_change(), *self.limits.second(few)]
        records += [one for one in records if self.chance.random() < TWICE]
        self.said += len(records)
        return records

    def life(self) -> Iterable[Message]:
        number, owner = next(NUMBERS), self.chance.choice(self.owners)
        self.asked.append(making.requested(number, owner))
        yield self.asked[-1]
        if self.chance.random() < FAILS:
            yield making.failed(number, owner)
        else:
            yield self.done(making.completed(number, owner))

    def done(self, report: OperationCompleted) -> OperationCompleted:
        self.articles.add((report.account_id, report.operation_id))
        return report

    def run(self) -> Iterable[Message]:
        """Three articles, one of them asked for by itself; how it ends is chance."""
        run, child, first, second = some_numbers(4)
        owner = self.chance.choice(self.owners)
        yield running.run_requested(run=run, account=owner, hold_ttl_s=60)
        yield making.requested(child, owner, run_id=making.uuid(run), stage=1)
        yield self.done(making.completed(child, owner))
        works = [running.done(n, operation_type="content_generation") for n in (first, second)]
        self.articles |= {(owner, work.operation_id) for work in works}
        yield running.stage_done(1, *works, run=run, account=owner)
        ends: list[Callable[[], Message | None]] = [
            lambda: running.run_completed(run=run, account=owner),
            lambda: running.run_cancelled(run=run, account=owner),
            lambda: running.stage_failed(2, run=run, account=owner),
            lambda: None,  # It expires.
        ]
        if end := self.chance.choice(ends)():
            yield end

    def refund(self) -> Iterable[Message]:
        number, owner = next(NUMBERS), self.chance.choice(self.owners)
        yield correcting.freeze(number, 10, owner)
        ends: list[list[Message]] = [
            [correcting.unfreeze(number, owner)],
            [correcting.refunded(number, 10, owner)],
            [correcting.refunded(number, 10, owner), correcting.reversed_(number, owner)],
            [correcting.disputed(number, "opened", 5, owner)],
            [correcting.disputed(number, state, 5, owner) for state in ("opened", "lost")],
            [correcting.disputed(number, state, 5, owner) for state in ("opened", "won")],
        ]
        yield from self.chance.choice(ends)

    def adjustment(self) -> Outgoing:
        owner, amount = self.chance.choice(self.owners), self.chance.choice([-5, 5])
        said = correcting.adjustment(next(NUMBERS), amount, owner)
        return outgoing(said, {"actor": self.token()})

    def price_change(self) -> Iterator[Outgoing]:
        """Of a thing that nobody does: what is charged stays what it is."""
        said = config_update("dreaming", next(self.changes), tokens_per_credit=80)
        key, headers = said.subject.encode(), [header("actor", self.token())]
        yield Outgoing(
            said.topic, partition_of(key, PARTITIONS), stamped(key, encode(said), headers, 1)
        )

    def token(self) -> bytes:
        return self.signed("dora", "developer")

    def admin_of(self, account: str) -> bytes:
        return self.signed("adam", "admin", account)

    def signed(self, sub: str, role: Role, account: str | None = None) -> bytes:
        key = private_key_of(Path(self.environment["ACTOR_PRIVATE_KEY_FILE"]))
        until = int(time.time()) + A_DAY_SECONDS
        return sign(Actor(sub=sub, role=role, exp=until, account_id=account), key)
