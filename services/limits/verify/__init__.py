"""What must be true of limits at every moment, computed anew from its rows and its topics."""

from collections.abc import Sequence

from services.limits.book import HARD_TYPES, LIMIT_TYPES
from services.limits.verify import answers, counters, facts, limits, sayings, signed
from shared import aside, deliveries
from shared.contracts.limits import OBEYED
from shared.postgres import Transaction
from shared.verify import replies
from shared.verifying import Invariants

HEARD = [message.topic for message in OBEYED]


async def worth_knowing(_: Transaction) -> Sequence[str]:
    """Which limits are hard, and which begin anew every month."""
    monthly = [name for name in LIMIT_TYPES if name not in HARD_TYPES]
    return [f"hard keys {', '.join(HARD_TYPES)}", f"monthly key {', '.join(monthly)}"]


INVARIANTS = Invariants(
    words={
        "I3": "What is held is the sum of the open holds",
        "I4": "A request has one hold, confirmed once and for no more than was granted",
        "I5": "Whoever opened an account, somebody owns it",
        "I6": "A request has one outcome, and every answer says so",
        "I7": "Nothing is granted beyond a limit, and nobody passes one without being told",
        "I10": "Every record that was passed is accounted for",
        "I11": "Whatever is told of accounts and teams stands in the books, in order",
        "I12": "What was set aside is there, as it came",
        "I15": "Whoever changed something by hand was allowed to, and is on record",
        "I16": "Nothing is left lying: no overdue hold, no idle transaction, no parcel",
        "I17": "Counted a second way, what is used is what is there",
    },
    checks=(
        *counters.CHECKS,
        *limits.CHECKS,
        *deliveries.CHECKS,
        *signed.CHECKS,
        *aside.checks(HEARD),
        replies.check(answers.KINDS),
        *facts.CHECKS,
        *sayings.CHECKS,
    ),
    topics={
        *facts.TOPICS,
        *sayings.KINDS,
        *replies.topics_of(answers.KINDS),
        *HEARD,
        *aside.aside(HEARD),
    },
    worth_knowing=worth_knowing,
)
