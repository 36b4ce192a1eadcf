"""Whoever is told how an account and its team stand is told what stands in the books (I11).

An account's records have one partition number in every topic: so one number is looked at after the
other, and memory is bounded by the accounts of one and by the members whose changes Kafka keeps.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiokafka import TopicPartition as Place

from services.limits import store
from services.limits.book import Account, Book
from services.limits.verify.team import Team
from services.limits.verify.told import Said, Told, contradictions
from shared.catalogue import read_plans
from shared.contracts.invoicing import Plan
from shared.contracts.limits import (
    MemberChanged,
    OverageCleared,
    OverageDetected,
    UsageChanged,
    WindowOpened,
)
from shared.deliveries import waiting
from shared.keys import Key
from shared.keys import find as find_rows
from shared.postgres import read_clock
from shared.verify.accounts import heard, strangers
from shared.verify.order import understood
from shared.verifying import Finding, Snapshot, of_one

VERSIONED: tuple[type[Said], ...] = (UsageChanged, WindowOpened, OverageDetected, OverageCleared)
READERS = {fact.topic: msgspec.json.Decoder(fact).decode for fact in VERSIONED}
MEMBERS = {MemberChanged.topic: msgspec.json.Decoder(MemberChanged).decode}
TOPICS = (*READERS, *MEMBERS)
ACCOUNTS_A_TIME = 500

ACCOUNTS = "SELECT lane, account_id::text FROM accounts WHERE lane % $1::int = $2"


async def find(snapshot: Snapshot) -> Finding:
    """Read every fact that is still there, then look at each account beside what was told of it."""
    finding, plans = Finding(), await read_plans(snapshot.tx, 0)
    partitions = {place.partition for place in snapshot.places(TOPICS)}
    for number in sorted(partitions):
        partition = Partition(snapshot, finding, number, len(partitions), plans)
        for topic in READERS:
            await partition.hear(Place(topic, number))
        await partition.hear_of_members(Place(MemberChanged.topic, number))
        await partition.hear_outbox()
        await partition.compare()
    return finding


@dataclass
class Partition:
    """What was told of the accounts of one partition number, to be held against the books."""

    snapshot: Snapshot
    finding: Finding
    number: int
    of: int
    plans: Mapping[str, Plan]
    accounts: defaultdict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    team: Team = field(default_factory=Team)

    async def hear(self, place: Place) -> None:
        """Take in what one topic says of how accounts stand."""
        async for _ in heard(self.snapshot, self.finding, place, READERS, self.accounts):
            continue

    async def hear_of_members(self, place: Place) -> None:
        start, sure, end = self.snapshot.reach(place)
        async for records in self.snapshot.retained.read(place, start, end):
            for one in understood(MEMBERS, records, self.finding):
                self.team.hear(one, sure)

    async def hear_outbox(self) -> None:
        """What is on its way is as good as told."""
        async for topic, value in waiting(self.snapshot.tx, self.number):
            if topic in READERS:
                said = READERS[topic](value)
                self.accounts[said.account_id].hear(said)
            elif topic in MEMBERS:
                self.team.hear_later(MEMBERS[topic](value))

    async def compare(self) -> None:
        """Look at each account of the books, then at those that only the topics know."""
        cursor = await self.snapshot.tx.cursor(ACCOUNTS, self.of, self.number)
        while rows := await cursor.fetch(ACCOUNTS_A_TIME):
            await self._compare_some({tuple(row) for row in rows})
        self.finding.add(*strangers(self.accounts))
        await self.team.compare(self.snapshot.tx, self.finding)

    async def _compare_some(self, keys: set[Key]) -> None:
        tx = self.snapshot.tx
        found = [Account(*row) for row in await find_rows(tx, store.accounts.FIND, keys)]
        now = await read_clock(tx, self.snapshot.clock_offset)
        book = Book(now, iter(()), self.plans, {one.account_id: one for one in found})
        await store.accounts.load(tx, book)
        self.finding.checked += len(found)
        for account in found:
            told = self.accounts.pop(account.account_id, None) or Told()
            self.finding.add(*contradictions(book, account, told))


CHECKS = (of_one("I11", find, "topics"),)
