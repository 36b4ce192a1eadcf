"""`command.outcome`: the reply that a command got, from the rows that remember it."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from services.credits import outcomes, run_outcomes
from services.credits.book import Extension, Key
from services.credits.queries.books import Books
from services.credits.queries.corrections import adjustment_replies, freeze_replies
from services.credits.queries.operations import find_operations
from services.credits.queries.price_changes import PRICE_CHANGES
from services.credits.queries.runs import find_runs
from services.credits.store import extensions
from shared.asking import Question
from shared.contracts.credits import (
    AdjustmentRequested,
    ExtensionRequested,
    FreezeRequested,
    OperationRequested,
    Outcome,
    RunRequested,
)
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.message import Reply, encode
from shared.contracts.operating import (
    AlertReadRequested,
    AskOutcome,
    StoredReply,
    fingerprint,
)
from shared.contracts.types import HEX_GROUPS

Replies: TypeAlias = Mapping[Key, Outcome | None]
# The replies to the commands of one topic, by their accounts and ids: one statement.
Find: TypeAlias = Callable[[Books, Collection[Key]], Awaitable[Replies]]

IS_UUID = re.compile(HEX_GROUPS)
UNKNOWN = Outcome(known=False)


async def command_outcomes(
    books: Books, questions: Sequence[Question[AskOutcome]]
) -> list[Outcome | Error]:
    """Nothing is started; a command that left its id free is one that nobody knows."""
    wanted = defaultdict[str, set[Key]](set)
    for topic, key in map(asked_about, questions):
        if topic in STORED and key is not None and IS_UUID.fullmatch(key[1]):
            wanted[topic].add(key)
    found = {topic: await STORED[topic](books, keys) for topic, keys in wanted.items()}
    return [outcome(books, question, found) for question in questions]


def asked_about(question: Question[AskOutcome]) -> tuple[str, Key | None]:
    """A command, by its topic, its account and its id; without an account it is none of one's."""
    account, params = question.account_id, question.params
    return params.topic, None if account is None else (account, params.id.lower())


def outcome(
    books: Books, question: Question[AskOutcome], found: Mapping[str, Replies]
) -> Outcome | Error:
    topic, key = asked_about(question)
    if topic in PRICE_CHANGES:
        return price_change(books, question)
    if topic not in KNOWN:
        reason = f"Expected one of {', '.join(KNOWN)}"
        return invalid([Problem(path="params.topic", reason=reason)])
    if key is None:
        return invalid([Problem(path="account_id", reason="Missing")])
    return found.get(topic, {}).get(key) or UNKNOWN


def price_change(books: Books, question: Question[AskOutcome]) -> Outcome:
    change = PRICE_CHANGES[question.params.topic](books.catalogue.prices, question)
    if change is None:
        return UNKNOWN
    asked, reply = change
    return stored(reply, encode(asked))


def stored(reply: Reply, asked: bytes | None = None) -> Outcome:
    """As it was answered at first, with a mark of what was asked, where that is kept."""
    assert reply.status != "accepted", "what is kept is final"
    mark = None if asked is None else fingerprint(asked)
    given = StoredReply(status=reply.status, data=reply.data, error=reply.error)
    return Outcome(known=True, state="answered", reply=given, fingerprint=mark)


async def authorised(books: Books, keys: Collection[Key]) -> Replies:
    """What was only reported on was never asked for."""
    found = await find_operations(books, keys)
    return {
        key: stored(outcomes.first_answer(operation, replayed=True), operation.request)
        for key, operation in found.items()
        if operation.request is not None
    }


async def frozen(books: Books, keys: Collection[Key]) -> Replies:
    return {key: stored(reply) for key, reply in (await freeze_replies(books, keys)).items()}


async def adjusted(books: Books, keys: Collection[Key]) -> Replies:
    return {key: stored(reply) for key, reply in (await adjustment_replies(books, keys)).items()}


async def extended(books: Books, keys: Collection[Key]) -> Replies:
    """The latest extension of each; an earlier one is answered again to whoever sends it again."""
    found = await extensions.known(books.tx, keys)
    return {(row.account_id, row.subject_id): extension(row) for row in found}


def extension(row: Extension) -> Outcome:
    """Whatever was extended: ids of operations and of runs are drawn from one hat."""
    asked = ExtensionRequested(
        account_id=row.account_id,
        operation_id=row.subject_id if row.kind == "operation" else None,
        run_id=row.subject_id if row.kind == "run" else None,
        extend_s=row.extend_s,
    )
    return stored(outcomes.extended(row, replayed=True), encode(asked))


async def approved(books: Books, keys: Collection[Key]) -> Replies:
    """A run that ended before anybody asked for it was never asked for."""
    found = await find_runs(books, keys)
    return {
        key: stored(run_outcomes.first_answer(run, replayed=True), run.request)
        for key, run in found.items()
        if run.request is not None
    }


# Where the replies to each command are found.
STORED: Mapping[str, Find] = MappingProxyType(
    {
        OperationRequested.topic: authorised,
        RunRequested.topic: approved,
        ExtensionRequested.topic: extended,
        FreezeRequested.topic: frozen,
        AdjustmentRequested.topic: adjusted,
    }
)
# Alerts are read once and for all: that is answered the same whenever it is said, and not kept.
KNOWN: Sequence[str] = (*STORED, *PRICE_CHANGES, AlertReadRequested.topic)
