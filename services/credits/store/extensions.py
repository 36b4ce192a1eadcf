"""Extensions of holds: sought by what they extend, never changed once they are written."""

from collections.abc import Collection, Sequence

from services.credits.book import Book, Extension, Key
from services.credits.domain import Cause
from shared.contracts.credits import ExtensionRequested
from shared.keys import find, save_rows
from shared.lanes import lane_of
from shared.postgres import Transaction

FIND = """
    SELECT lane, subject_id::text, account_id::text, kind, extend_s, expires_at, asked_at
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS wanted (its_lane, its_account, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM extensions
        WHERE lane = its_lane AND subject_id = its_id AND account_id = its_account OFFSET 0
    ) AS found
    ORDER BY asked_at, expires_at
"""
ADD = """
    INSERT INTO extensions (lane, subject_id, account_id, kind, extend_s, expires_at, asked_at)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::int[],
                         $6::timestamptz[], $7::timestamptz[])
"""


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read what the holds of the batch were asked for before."""
    if ExtensionRequested in map(type, causes):
        asked = [m for m in causes if isinstance(m, ExtensionRequested)]
        for row in await known(tx, {(m.account_id, m.subject) for m in asked}):
            book.extensions[row.account_id, row.subject_id, row.extend_s] = row


async def known(tx: Transaction, keys: Collection[Key]) -> list[Extension]:
    """Those of some operations and runs, the latest last."""
    rows = await find(tx, FIND, {(lane_of(key[0]), *key) for key in keys})
    return [Extension(*row) for row in rows]


async def save(tx: Transaction, book: Book) -> None:
    await save_rows(tx, ADD, Extension._fields, book.new_extensions)
