"""`command.outcome`: the reply that a command got, from the rows that remember it.

Each service says where the replies to which topics are found.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from shared.asking import AsOf, Question
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.operating import (
    AlertReadRequested,
    AskOutcome,
    Outcome,
    StoredReply,
    fingerprint,
)
from shared.contracts.types import HEX_GROUPS

Key: TypeAlias = tuple[str, str]  # An account, and the natural key of a command.
Replies: TypeAlias = Mapping[Key, Outcome | None]
Books = TypeVar("Books", bound=AsOf)
# The replies to the commands of one topic, by their accounts and ids: one statement.
Find: TypeAlias = Callable[[Books, Collection[Key]], Awaitable[Replies]]
Tell: TypeAlias = Callable[[Books, Question[Any]], Outcome]

IS_UUID = re.compile(HEX_GROUPS)
UNKNOWN = Outcome(known=False)
# Alerts are read once and for all: that is answered the same whenever it is said, and not kept.
NOT_KEPT = (AlertReadRequested.topic,)


@dataclass(frozen=True, slots=True)
class Kept(Generic[Books]):
    """What a service remembers, by topic: of an account's commands, and of those of nobody's."""

    of_accounts: Mapping[str, Find[Books]]
    of_nobody: Mapping[str, Tell[Books]] = field(default_factory=dict)
    # Which words commands are known by, of those topics whose natural key is no UUID.
    words: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def topics(self) -> Sequence[str]:
        return *self.of_accounts, *self.of_nobody, *NOT_KEPT

    def may_know(self, topic: str, name: str) -> bool:
        """Whether a command of this topic can have such an id."""
        words = self.words.get(topic)
        return bool(IS_UUID.fullmatch(name)) if words is None else name in words


async def outcomes_of(
    kept: Kept[Books], books: Books, questions: Sequence[Question[AskOutcome]]
) -> list[Outcome | Error]:
    """Nothing is started; a command that left its id free is one that nobody knows."""
    wanted = defaultdict[str, set[Key]](set)
    for topic, key in map(asked_about, questions):
        if topic in kept.of_accounts and key is not None and kept.may_know(topic, key[1]):
            wanted[topic].add(key)
    found = {topic: await kept.of_accounts[topic](books, keys) for topic, keys in wanted.items()}
    return [outcome(kept, books, question, found) for question in questions]


def asked_about(question: Question[AskOutcome]) -> tuple[str, Key | None]:
    """A command, by its topic, its account and its id; without an account it is none of one's."""
    account, params = question.account_id, question.params
    return params.topic, None if account is None else (account, params.id.lower())


def outcome(
    kept: Kept[Books],
    books: Books,
    question: Question[AskOutcome],
    found: Mapping[str, Replies],
) -> Outcome | Error:
    topic, key = asked_about(question)
    if tell := kept.of_nobody.get(topic):
        return tell(books, question)
    if topic not in kept.topics:
        reason = f"Expected one of {', '.join(kept.topics)}"
        return invalid([Problem(path="params.topic", reason=reason)])
    if key is None:
        return invalid([Problem(path="account_id", reason="Missing")])
    return found.get(topic, {}).get(key) or UNKNOWN


def answered(reply: StoredReply, asked: bytes | None = None) -> Outcome:
    """As it was answered at first, with a mark of what was asked, where that is kept."""
    mark = None if asked is None else fingerprint(asked)
    return Outcome(known=True, state="answered", reply=reply, fingerprint=mark)
