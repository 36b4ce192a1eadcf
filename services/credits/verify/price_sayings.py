"""What was said of prices is what the price lists say, and the last change of each was said (I11).

Their topics are compacted: of every price the newest fact is there for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from services.credits import price_news, store
from shared.contracts.credits import CostConfigUpdated, ModelPriceUpdated
from shared.deliveries import waiting
from shared.postgres import Transaction
from shared.verifying import Finding, Snapshot, Violation, of_one

Fact: TypeAlias = CostConfigUpdated | ModelPriceUpdated
FACTS: tuple[type[Fact], ...] = (CostConfigUpdated, ModelPriceUpdated)
READERS = MappingProxyType({fact.topic: msgspec.json.Decoder(fact).decode for fact in FACTS})
TOPICS = tuple(READERS)
SEEDED = 1  # The price version of what was there at first: nobody was told of it.

OTHERWISE = "a price was announced in one way and stands in another"
UNSAID = "a change of a price was not announced"


@dataclass
class Prices:
    """Every version of every price, and what was heard of them."""

    made: Mapping[tuple[str, str], Fact]
    finding: Finding = field(default_factory=Finding)
    heard: set[tuple[str, str]] = field(default_factory=set)

    def hear(self, topic: str, value: bytes) -> Fact | None:
        """A version of a price never changes."""
        try:
            said = READERS[topic](value)
        except msgspec.DecodeError as error:
            what = "a fact cannot be read"
            self.finding.add(Violation(None, what, {"topic": topic, "error": str(error)}))
            return None
        self.heard.add((said.topic, said.subject))
        return said

    def compare(self, said: Fact) -> None:
        stands = self.made.get((said.topic, said.subject))
        if said != stands:
            numbers = {"topic": said.topic, "price": said.subject, "is_there": stands is not None}
            self.finding.add(Violation(None, OTHERWISE, numbers))

    def unsaid(self) -> list[Fact]:
        """The newest version of each price, where somebody changed it and nobody heard of it."""
        newest = {(fact.topic, key_of(fact)): fact for fact in self.made.values()}
        return [
            fact
            for fact in newest.values()
            if fact.price_version > SEEDED and (fact.topic, fact.subject) not in self.heard
        ]


def key_of(fact: Fact) -> str:
    return fact.subject.rpartition(":")[0]


async def changes(tx: Transaction) -> Mapping[tuple[str, str], Fact]:
    """Every version of every price, as it is announced, the newest last."""
    prices = (await store.catalogue.read(tx, 0)).prices
    known: list[Fact] = [price_news.config_updated(row, since) for since, row in prices.configs]
    known += [price_news.model_updated(row, since) for since, row in prices.models]
    ordered = sorted(known, key=lambda fact: fact.version)
    return {(fact.topic, fact.subject): fact for fact in ordered}


async def find(snapshot: Snapshot) -> Finding:
    """What was published for sure is in the rows; a change in the rows may be on its way."""
    prices = Prices(await changes(snapshot.tx))
    places = snapshot.places(TOPICS)
    for place in places:
        start, sure, end = snapshot.reach(place)
        async for records in snapshot.retained.read(place, start, end):
            prices.finding.checked += len(records)
            for record in records:
                said = prices.hear(place.topic, record.value or b"")
                if said is not None and record.offset < sure:
                    prices.compare(said)
    for number in {place.partition for place in places} if prices.unsaid() else ():
        async for topic, value in waiting(snapshot.tx, number):
            if topic in READERS:
                prices.hear(topic, value)
    for fact in prices.unsaid():
        numbers = {"topic": fact.topic, "price": fact.subject}
        prices.finding.add(Violation(None, UNSAID, numbers))
    return prices.finding


CHECKS = (of_one("I11", find, "topics"),)
