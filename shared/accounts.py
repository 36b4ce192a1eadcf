"""How a batch locks its accounts: in key order, once, at the top; those that are new are opened."""

from collections.abc import Sequence
from typing import Any

from shared.keys import find
from shared.lanes import lane_of
from shared.postgres import Record, Transaction


async def lock_accounts(
    tx: Transaction, causes: Sequence[Any], lock: str, opening: str
) -> list[Record]:
    """Give the row of every account that a cause names; each begins with its lane and its id."""
    named = {cause.account_id for cause in causes if cause.account_id is not None}
    keys = {(lane_of(account_id), account_id) for account_id in named}
    rows = await find(tx, lock, keys)
    if len(rows) < len(keys):
        unheard = keys - {(row[0], row[1]) for row in rows}
        await find(tx, opening, unheard)
        rows += await find(tx, lock, unheard)
    return rows
