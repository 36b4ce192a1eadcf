"""`command.outcome`: the reply that a command got, from the rows that remember it."""

from collections.abc import Collection
from functools import partial
from types import MappingProxyType

from services.credits import outcomes, run_outcomes
from services.credits.book import Extension
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
from shared.contracts.message import Reply, encode
from shared.contracts.operating import AskOutcome, StoredReply
from shared.stored import UNKNOWN, Kept, Key, Replies, answered, outcomes_of


def price_change(books: Books, question: Question[AskOutcome]) -> Outcome:
    change = PRICE_CHANGES[question.params.topic](books.catalogue.prices, question)
    if change is None:
        return UNKNOWN
    asked, reply = change
    return stored(reply, encode(asked))


def stored(reply: Reply, asked: bytes | None = None) -> Outcome:
    assert reply.status != "accepted", "what is kept is final"
    return answered(StoredReply(status=reply.status, data=reply.data, error=reply.error), asked)


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


KEPT: Kept[Books] = Kept(
    MappingProxyType(
        {
            OperationRequested.topic: authorised,
            RunRequested.topic: approved,
            ExtensionRequested.topic: extended,
            FreezeRequested.topic: frozen,
            AdjustmentRequested.topic: adjusted,
        }
    ),
    MappingProxyType(dict.fromkeys(PRICE_CHANGES, price_change)),
)
command_outcomes = partial(outcomes_of, KEPT)
