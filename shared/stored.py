"""`command.outcome`: the reply that a command got, from the rows that remember it.

Each service says where the replies to which topics are found.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeAlias, TypeVar

from shared.asking import AsOf, Question
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.operating import AskOutcome, Outcome, StoredReply, fingerprint
from shared.contracts.types import HEX_GROUPS

Key: TypeAlias = tuple[str, str]  # An account, and the natural key of a command: a UUID.
Replies: TypeAlias = Mapping[Key, Outcome | None]
Books = TypeVar("Books", bound=AsOf)
# The replies to the commands of one topic, by their accounts and ids: one statement.
Find: TypeAlias = Callable[[Books, Collection[Key]], Awaitable[Replies]]

IS_UUID = re.compile(HEX_GROUPS)
UNKNOWN = Outcome(known=False)


async def command_outcomes(
    stored: Mapping[str, Find[Books]], books: Books, questions: Sequence[Question[AskOutcome]]
) -> list[Outcome | Error]:
    """Nothing is started; a command that left its id free is one that nobody knows."""
    asked = [(q.params.topic, (q.account, q.params.id.lower())) for q in questions]
    wanted = defaultdict[str, set[Key]](set)
    for topic, key in asked:
        if topic in stored and IS_UUID.fullmatch(key[1]):
            wanted[topic].add(key)
    found = {topic: await stored[topic](books, keys) for topic, keys in wanted.items()}
    no_such_topic = invalid(
        [Problem(path="params.topic", reason=f"Expected one of {', '.join(stored)}")]
    )
    return [
        (found.get(topic, {}).get(key) or UNKNOWN) if topic in stored else no_such_topic
        for topic, key in asked
    ]


def answered(reply: StoredReply, asked: bytes | None = None) -> Outcome:
    """As it was answered at first, with a mark of what was asked, where that is kept."""
    mark = None if asked is None else fingerprint(asked)
    return Outcome(known=True, state="answered", reply=reply, fingerprint=mark)
