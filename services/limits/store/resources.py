"""Things that are counted one by one: sought by their ids, written where they are new or gone."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from services.limits.book import Book, Resource, ResourceKey, ResourceKind
from services.limits.domain import Cause
from shared.contracts.errors import LimitType
from shared.contracts.keyword_research import KeywordDeleted
from shared.contracts.limits import HoldConfirmed, SiteCreated, SiteDeleted
from shared.keys import among, find, save_rows
from shared.postgres import Transaction

OfASite: TypeAlias = SiteCreated | SiteDeleted
SITES: frozenset[type[OfASite]] = frozenset((SiteCreated, SiteDeleted))
COLUMNS = ("lane", "account_id", "kind", "resource_id", "state", "since")
KINDS: dict[LimitType, ResourceKind] = {"sites": "site", "users": "user"}

FIND = """
    SELECT lane, account_id::text, kind, resource_id::text, state, since
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[])
         AS wanted (its_lane, its_account, its_kind, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM resources
        WHERE lane = its_lane AND resource_id = its_id AND account_id = its_account
          AND kind = its_kind OFFSET 0
    ) AS found
"""
SAVE = """
    INSERT INTO resources (lane, account_id, kind, resource_id, state, since)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[],
                         $6::timestamptz[])
    ON CONFLICT (lane, resource_id, account_id, kind) DO UPDATE
    SET state = excluded.state, since = excluded.since
"""


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read which of the batch's things are counted already; its holds are in the book."""
    wanted = {(book.accounts[key[0]].lane, *key) for key in named_in(book, causes)}
    for row in await find(tx, FIND, wanted):
        found = Resource(*row)
        book.resources[found.account_id, found.kind, found.resource_id] = found


def named_in(book: Book, causes: Sequence[Cause]) -> Iterator[ResourceKey]:
    for site in among(causes, SITES):
        yield site.account_id, "site", site.site_id
    for deleted in among(causes, {KeywordDeleted}):
        for keyword_id in deleted.keyword_ids:
            yield deleted.account_id, "keyword", keyword_id
    for confirmed in among(causes, {HoldConfirmed}):
        hold = book.holds.get((confirmed.account_id, confirmed.hold_id))
        if hold is not None and hold.limit_type in KINDS:
            for resource_id in confirmed.resources:
                yield confirmed.account_id, KINDS[hold.limit_type], resource_id


async def save(tx: Transaction, book: Book) -> None:
    changed = [resource for resource in book.resources.values() if resource.is_changed]
    await save_rows(tx, SAVE, COLUMNS, changed)
