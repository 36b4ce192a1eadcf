"""`command.outcome`: holds remember what was asked for them, all else is kept as a command."""

from collections.abc import Collection
from functools import partial
from types import MappingProxyType

import msgspec

from services.limits import outcomes
from services.limits.book import LIMIT_TYPES
from services.limits.domain.members import is_as_asked
from services.limits.queries.books import Books
from services.limits.store import commands, holds, members
from shared.contracts.limits import (
    HoldRequested,
    OverrideUpdateRequested,
    RoleChangeRequested,
    SiteCreationRequested,
)
from shared.contracts.operating import Outcome
from shared.stored import Kept, Key, Replies, answered, outcomes_of

read_change = msgspec.json.Decoder(RoleChangeRequested).decode


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


async def roles(books: Books, keys: Collection[Key]) -> Replies:
    """The latest change of each, while it stands: other commands end it, too."""
    topic = RoleChangeRequested.topic
    asked = {(account_id, topic, name) for account_id, name in keys}
    team = await members.known(books.tx, keys)
    latest = (await commands.known(books.tx, asked)).values()
    return {
        key: outcome(row.answer, row.request)
        for row in latest
        for key in [(row.account_id, row.natural_key)]
        if is_as_asked(team.get(key), read_change(row.request))
    }


def outcome(answer: bytes, request: bytes) -> Outcome:
    return answered(outcomes.read_stored(answer), request)


KEPT: Kept[Books] = Kept(
    MappingProxyType(
        {kind.topic: partial(held, kind.topic) for kind in (HoldRequested, SiteCreationRequested)}
        | {kind.topic: partial(kept, kind.topic) for kind in commands.ASKING}
        | {RoleChangeRequested.topic: roles}
    ),
    words=MappingProxyType({OverrideUpdateRequested.topic: LIMIT_TYPES}),
)
command_outcomes = partial(outcomes_of, KEPT)
