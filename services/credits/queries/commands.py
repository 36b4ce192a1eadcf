"""`command.outcome`: the reply that a command got, from the rows that remember it."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from services.credits import outcomes
from services.credits.book import Reservation
from services.credits.queries.books import Books
from services.credits.queries.operations import find_operations
from shared.asking import Question
from shared.contracts.credits import (
    Extended,
    ExtensionRequested,
    OperationRequested,
    Outcome,
)
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.moments import in_milliseconds
from shared.contracts.operating import AskOutcome, StoredReply
from shared.contracts.types import HEX_GROUPS

Reply: TypeAlias = Callable[[Reservation], StoredReply | None]

IS_UUID = re.compile(HEX_GROUPS)
UNKNOWN = Outcome(known=False)


async def command_outcomes(
    books: Books, questions: Sequence[Question[AskOutcome]]
) -> list[Outcome | Error]:
    """Nothing is started; a command that left its id free is one that nobody knows."""
    keys = [(question.account, question.params.id.lower()) for question in questions]
    found = await find_operations(books, {key for key in keys if IS_UUID.fullmatch(key[1])})
    return [
        outcome(question.params.topic, found.get(key))
        for key, question in zip(keys, questions, strict=True)
    ]


def outcome(topic: str, operation: Reservation | None) -> Outcome | Error:
    stored = STORED.get(topic)
    if stored is None:
        reason = f"Expected one of {', '.join(STORED)}"
        return invalid([Problem(path="params.topic", reason=reason)])
    reply = None if operation is None else stored(operation)
    return UNKNOWN if reply is None else Outcome(known=True, state="answered", reply=reply)


def authorised(operation: Reservation) -> StoredReply | None:
    """As it was answered at first; what was only reported on was never asked for."""
    if operation.request is None:
        return None
    reply = outcomes.first_answer(operation, replayed=True)
    assert reply.status != "accepted", "what is kept is final"
    return StoredReply(status=reply.status, data=reply.data, error=reply.error)


def extended(operation: Reservation) -> StoredReply | None:
    """The latest extension; one that changed nothing has left nothing behind."""
    if operation.request is None or operation.expires_at <= operation.first_expiry:
        return None
    until = in_milliseconds(operation.expires_at)
    data = Extended(operation_id=operation.subject_id, expires_at=until)
    return StoredReply(status="ok", data=data)


# What each command is remembered by.
STORED: Mapping[str, Reply] = MappingProxyType(
    {OperationRequested.topic: authorised, ExtensionRequested.topic: extended}
)
