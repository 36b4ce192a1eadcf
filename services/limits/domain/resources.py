"""Things that count once each, and are taken off once each, in any order."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal

from services.limits.book import NO_WINDOW, Account, Book, Resource, ResourceKind
from shared.asked import Asked
from shared.contracts.errors import LimitType
from shared.contracts.limits import KeywordDeleted
from shared.contracts.message import Message

COUNTED_ONE_BY_ONE: Mapping[LimitType, ResourceKind] = MappingProxyType(
    {"sites": "site", "users": "user"}
)


def write_down(
    book: Book,
    account: Account,
    kind: ResourceKind,
    resource_id: str,
    state: Literal["active", "removed"],
) -> None:
    """Remember a thing of which nobody heard before."""
    book.resources[account.account_id, kind, resource_id] = Resource(
        account.lane,
        account.account_id,
        kind,
        resource_id,
        state,
        book.now,
        is_changed=True,
    )
    book.changes += 1


def add_new(book: Book, account: Account, kind: ResourceKind, ids: Collection[str]) -> int:
    """How many of these nobody counted before; what is gone already never counts."""
    fresh = [x for x in ids if book.resource(account, kind, x) is None]
    for resource_id in fresh:
        write_down(book, account, kind, resource_id, "active")
    return len(fresh)


def keywords_deleted(book: Book, said: KeywordDeleted, _: Asked) -> list[Message]:
    """Take each off once, also before the confirmation that counts it."""
    account, before = book.accounts[said.account_id], len(book.resources)
    for keyword_id in said.keyword_ids:
        if book.resource(account, "keyword", keyword_id) is None:
            write_down(book, account, "keyword", keyword_id, "removed")
    book.count(account, "keywords", NO_WINDOW, used=before - len(book.resources))
    return []
