"""The answers to commands that no hold remembers: sought by what was asked, kept for ever.

Of a role and of a limit by hand the latest change alone: such ids are used again and again.
"""

from collections.abc import Collection, Sequence
from typing import TypeAlias

from services.limits.book import Book, Kept, RequestKey
from services.limits.domain import Cause
from shared.contracts.limits import (
    InviteRequested,
    MemberRemoveRequested,
    OverrideUpdateRequested,
    OwnershipTransferRequested,
    RoleChangeRequested,
)
from shared.keys import among, find, save_rows
from shared.lanes import lane_of
from shared.postgres import Transaction

Asking: TypeAlias = (
    InviteRequested
    | MemberRemoveRequested
    | OwnershipTransferRequested
    | OverrideUpdateRequested
    | RoleChangeRequested
)
ASKING: frozenset[type[Asking]] = frozenset(
    (
        InviteRequested,
        MemberRemoveRequested,
        OwnershipTransferRequested,
        OverrideUpdateRequested,
        RoleChangeRequested,
    )
)
FIND = """
    SELECT lane, account_id::text, topic, natural_key, request, answer
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
         AS wanted (its_lane, its_account, its_topic, its_key)
    CROSS JOIN LATERAL (
        SELECT * FROM commands
        WHERE lane = its_lane AND natural_key = its_key AND account_id = its_account
          AND topic = its_topic OFFSET 0
    ) AS found
"""
SAVE = """
    INSERT INTO commands (lane, account_id, topic, natural_key, request, answer)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bytea[],
                         $6::bytea[])
    ON CONFLICT (lane, natural_key, account_id, topic) DO UPDATE
    SET request = excluded.request, answer = excluded.answer
"""


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read what the commands of the batch were answered before."""
    asked = among(causes, ASKING)
    book.kept |= await known(tx, {(m.account_id, m.topic, m.subject) for m in asked})


async def known(tx: Transaction, keys: Collection[RequestKey]) -> dict[RequestKey, Kept]:
    rows = await find(tx, FIND, {(lane_of(key[0]), *key) for key in keys})
    found = [Kept(*row) for row in rows]
    return {(row.account_id, row.topic, row.natural_key): row for row in found}


async def save(tx: Transaction, book: Book) -> None:
    """Of two answers to one command of a batch the last is kept."""
    new = {(row.account_id, row.topic, row.natural_key): row for row in book.new_kept}
    await save_rows(tx, SAVE, Kept._fields, list(new.values()))
