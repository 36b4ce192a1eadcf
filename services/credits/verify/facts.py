"""Whatever moved was announced, in order, with the numbers that stand in the books (I11).

An account's records have one partition number in every topic: so one number is looked at after the
other, and memory is bounded by the accounts of one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition as Place

from services.credits.verify.announced import Accounts, Announced, Said
from services.credits.verify.told import disagreements
from shared.contracts.credits import (
    BalanceChanged,
    CreditsAdjusted,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    ShortfallRecorded,
)
from shared.deliveries import waiting
from shared.kafka import Record
from shared.postgres import Record as Row
from shared.verify.accounts import heard, strangers
from shared.verify.order import Versions, contradiction, differing
from shared.verifying import Finding, Snapshot, Violation

FACTS: tuple[type[Said], ...] = (
    CreditsReserved,
    CreditsCommitted,
    CreditsReleased,
    CreditsExpired,
    CreditsGranted,
    CreditsRevoked,
    CreditsAdjusted,
    ShortfallRecorded,
    BalanceChanged,
)
READERS = {fact.topic: msgspec.json.Decoder(fact).decode for fact in FACTS}
TOPICS = tuple(READERS)
# Which topic tells of which entries of the ledger.
TOLD_BY = {
    "deduction": CreditsCommitted.topic,
    "purchase": CreditsGranted.topic,
    "subscription": CreditsGranted.topic,
    "refund": CreditsRevoked.topic,
    "adjustment": CreditsAdjusted.topic,
}
# The clocks of the database and the broker may differ by so much.
CLOCKS_APART = timedelta(seconds=60)
ALWAYS, NEVER = "-infinity", "infinity"
ROWS_A_TIME = 1000
STATE = ("version", "seq", "plan_bucket", "purchased_bucket", "held")

ACCOUNTS = """
    SELECT lane, account_id::text, seq, version, plan_bucket, purchased_bucket, held
    FROM accounts WHERE lane % $1::int = $2
"""
# Those of some accounts that the topics must still hold, from when on for each type of entry.
ENTRIES = """
    SELECT account_id::text, seq, type, transaction_id::text FROM ledger
    JOIN unnest($1::smallint[], $2::uuid[]) AS wanted (lane, account_id) USING (lane, account_id)
    JOIN unnest($3::text[], $4::text[]) AS kept (type, since) USING (type)
    WHERE created_at >= since::timestamptz
"""


class Behind(NamedTuple):
    """An account with entries that were not heard of."""

    lane: int
    account_id: str
    seq: int
    told: Announced


async def find(snapshot: Snapshot) -> Finding:
    """Read every fact that is still there, then look at each account beside what was told of it."""
    finding = Finding()
    partitions = {place.partition for place in snapshot.places(TOPICS)}
    for number in sorted(partitions):
        partition = Partition(snapshot, finding, number, len(partitions))
        for topic in TOPICS:
            await partition.hear(Place(topic, number))
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
    accounts: Accounts = field(default_factory=lambda: defaultdict(Announced))
    since: dict[str, str] = field(default_factory=dict)  # From when on a topic has everything.

    async def hear(self, place: Place) -> None:
        """Take in what one topic says, and hold it against the rows that it is about."""
        start, _, _ = self.snapshot.reach(place)
        self.since[place.topic] = NEVER if start else ALWAYS
        async for lot in heard(self.snapshot, self.finding, place, READERS, self.accounts):
            if self.since[place.topic] == NEVER:
                self.since[place.topic] = (sent_at(lot.records[0]) + CLOCKS_APART).isoformat()
            if place.topic != BalanceChanged.topic:  # An account has one state: the newest.
                self.finding.add(*await disagreements(self.snapshot.tx, lot.sure))

    async def hear_outbox(self) -> None:
        """What is on its way is as good as told."""
        async for topic, value in waiting(self.snapshot.tx, self.number):
            if topic in READERS:
                said = READERS[topic](value)
                self.accounts[said.account_id].hear(said)

    async def compare(self) -> None:
        """Look at each account of the books, then at those that only the topics know."""
        behind: list[Behind] = []
        cursor = self.snapshot.tx.cursor(ACCOUNTS, self.of, self.number, prefetch=ROWS_A_TIME)
        async for row in cursor:
            told = self.accounts.pop(row["account_id"], None) or Announced()
            self.finding.checked += 1
            self.finding.add(*contradictions(row, told))
            if told.missing_until(row["seq"]):
                behind.append(Behind(row["lane"], row["account_id"], row["seq"], told))
        self.finding.add(*strangers(self.accounts))
        for first in range(0, len(behind), ROWS_A_TIME):
            await self._name_missing(behind[first : first + ROWS_A_TIME])

    async def _name_missing(self, behind: Sequence[Behind]) -> None:
        """Tell the entries that nobody was told of from those that the topics hold no more."""
        told = {account.account_id: account.told for account in behind}
        missing, broken = sum(x.told.missing_until(x.seq) for x in behind), self.finding.broken
        wanted = [x.lane for x in behind], list(told)
        kept = list(TOLD_BY), [self.since[topic] for topic in TOLD_BY.values()]
        entries = self.snapshot.tx.cursor(ENTRIES, *wanted, *kept, prefetch=ROWS_A_TIME)
        async for account_id, seq, kind, transaction_id in entries:
            if not told[account_id].has_entry(seq):
                what = "an entry of the ledger was not announced"
                numbers = {"seq": seq, "type": kind, "transaction_id": transaction_id}
                self.finding.add(Violation(account_id, what, numbers))
        self.finding.skipped += max(0, missing - (self.finding.broken - broken))


def sent_at(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def contradictions(row: Row, told: Announced) -> Iterator[Violation]:
    """Where what everybody believes is not what stands in the books."""
    account_id, state = row["account_id"], told.state
    versions = Versions(row["version"], told.version, state.version if state else 0)
    if wrong := contradiction(account_id, versions):
        yield wrong
    elif state is not None and state.version == versions.stored:
        announced = {name: getattr(state, name) for name in STATE}
        if wrong := differing(account_id, announced, {name: row[name] for name in STATE}):
            yield wrong
