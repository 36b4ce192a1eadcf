"""Adjustments by hand: sought by key, and never changed once they are written."""

from collections.abc import Collection, Sequence

from services.credits.book import Adjustment, Book, Key
from services.credits.domain import Cause
from shared.contracts.credits import AdjustmentRequested
from shared.keys import find, save_rows
from shared.lanes import lane_of
from shared.postgres import Transaction

COLUMNS = (
    "lane",
    "adjustment_id",
    "account_id",
    "amount",
    "bucket",
    "request",
    "actor",
    "made_at",
    "available_after",
    "transaction_id",
    "seq",
    "balance_after",
    "refusal",
)
FIND = """
    SELECT lane, adjustment_id::text, account_id::text, amount, bucket, request, actor, made_at,
           available_after, transaction_id::text, seq, balance_after, refusal
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS wanted (its_lane, its_account, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM adjustments
        WHERE lane = its_lane AND adjustment_id = its_id AND account_id = its_account OFFSET 0
    ) AS found
"""
ADD = f"""
    INSERT INTO adjustments ({", ".join(COLUMNS)})
    SELECT * FROM unnest(
        $1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
        $8::timestamptz[], $9::bigint[], $10::uuid[], $11::bigint[], $12::bigint[], $13::bytea[])
"""  # noqa: S608 - Constants of this file.


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read which adjustments of the batch were made or refused before."""
    if AdjustmentRequested in map(type, causes):
        asked = [m for m in causes if isinstance(m, AdjustmentRequested)]
        book.adjustments |= await known(tx, {(m.account_id, m.adjustment_id) for m in asked})


async def known(tx: Transaction, keys: Collection[Key]) -> dict[Key, Adjustment]:
    rows = await find(tx, FIND, {(lane_of(key[0]), *key) for key in keys})
    found = [Adjustment(*row) for row in rows]
    return {(row.account_id, row.adjustment_id): row for row in found}


async def save(tx: Transaction, book: Book) -> None:
    await save_rows(tx, ADD, COLUMNS, [row for row in book.adjustments.values() if row.is_new])
