"""`command.outcome`: holds remember what was asked for them, all else is kept as a command."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from services.limits import outcomes
from services.limits.queries.books import Books
from services.limits.store import commands, holds
from shared.asking import Question
from shared.contracts.errors import Error
from shared.contracts.limits import HoldRequested, SiteCreationRequested
from shared.contracts.operating import AskOutcome, Outcome
from shared.stored import Find, Key, Replies, answered
from shared.stored import command_outcomes as of_all_topics


async def held(topic: str, books: Books, keys: Collection[Key]) -> Replies:
    """What only the end of was heard was never asked for."""
    asked = {(account_id, topic, name) for account_id, name in keys}
    return {
        (hold.account_id, hold.request_id): outcome(hold.answer, hold.request)
        for hold in await holds.of_requests(books.tx, asked)
        if hold.answer is not None and hold.request is not None
    }


async def kept(topic: str, books: Books, keys: Collection[Key]) -> Replies:
    asked = {(account_id, topic, name) for account_id, name in keys}
    return {
        (row.account_id, row.natural_key): outcome(row.answer, row.request)
        for row in (await commands.known(books.tx, asked)).values()
    }


def outcome(answer: bytes, request: bytes) -> Outcome:
    return answered(outcomes.read_stored(answer), request)


# Where the replies to each command are found.
STORED: Mapping[str, Find[Books]] = MappingProxyType(
    {kind.topic: partial(held, kind.topic) for kind in (HoldRequested, SiteCreationRequested)}
    | {kind.topic: partial(kept, kind.topic) for kind in commands.ASKING}
)


async def command_outcomes(
    books: Books, questions: Sequence[Question[AskOutcome]]
) -> list[Outcome | Error]:
    return await of_all_topics(STORED, books, questions)
