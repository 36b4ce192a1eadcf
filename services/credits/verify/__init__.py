"""What must be true of credits at every moment, computed anew from its rows and its topics."""

from collections.abc import Sequence

from services.credits import store
from services.credits.verify import (
    again,
    answers,
    authors,
    balances,
    days,
    facts,
    heard,
    holds,
    operations,
    payments,
    price_sayings,
    runs,
    sayings,
    signed,
    usage,
)
from shared import aside, deliveries
from shared.contracts.credits import OBEYED
from shared.postgres import Transaction
from shared.verify import replies
from shared.verifying import Invariants, of_one

EXAMPLE = "content_generation"
HEARD = [message.topic for message in OBEYED]


async def worth_knowing(tx: Transaction) -> Sequence[str]:
    """A price that everybody can work out by hand."""
    catalogue = await store.catalogue.read(tx, 0)
    prices = catalogue.prices.latest
    credits = prices.configs[EXAMPLE].by_tokens(1000 + 500, prices.default_text)
    return [f"{EXAMPLE}(1000, 500) = {credits}"]


INVARIANTS = Invariants(
    words={
        "I1": "A balance is the sum of its entries, and every entry has its cause",
        "I2": "Nobody holds more than he has",
        "I3": "What is held is the sum of the open reservations",
        "I4": "An operation has one reservation, in one state",
        "I5": "What has ended stays ended, and is charged as it ended",
        "I6": "A request has one outcome, and every answer says so",
        "I9": "A payment is granted once, and goes back once",
        "I10": "Every record that was passed is accounted for",
        "I11": "Whatever moved was announced, once and in order",
        "I12": "What was set aside is there, as it came",
        "I15": "Whoever changed something by hand was allowed to, and is on record",
        "I16": "Nothing is left lying: no overdue hold, no idle transaction, no parcel",
        "I17": "Calculated a second way, balances and prices are the same",
    },
    checks=(
        # What takes longest begins first.
        *usage.CHECKS,
        *again.CHECKS,
        *balances.CHECKS,
        *days.CHECKS,
        *operations.CHECKS,
        *holds.CHECKS,
        *runs.CHECKS,
        *payments.CHECKS,
        *authors.CHECKS,
        *deliveries.CHECKS,
        *heard.CHECKS,
        *signed.CHECKS,
        *aside.checks(HEARD),
        replies.check(answers.KINDS),
        of_one("I11", facts.find, "topics"),
        *sayings.CHECKS,
        *price_sayings.CHECKS,
    ),
    topics={
        *facts.TOPICS,
        *sayings.TOPICS,
        *price_sayings.TOPICS,
        *replies.topics_of(answers.KINDS),
        *HEARD,
        *aside.aside(HEARD),
    },
    worth_knowing=worth_knowing,
)
