"""Whole columns in, rows out: how every statement of the store takes what it is about."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from shared.postgres import Record, Transaction, columns

# A lane and the ids beside it.
Key: TypeAlias = tuple[Any, ...]


async def find(tx: Transaction, statement: str, keys: Collection[Key]) -> list[Record]:
    """Fetch the rows of some keys, which a statement takes as whole columns."""
    return await tx.fetch(statement, *zip(*keys, strict=True)) if keys else []


async def save_rows(
    tx: Transaction, statement: str, names: Sequence[str], changed: Sequence[object], *first: object
) -> None:
    """Hand over whole columns; no rows are no statement."""
    if changed:
        await tx.execute(statement, *first, *columns(changed, *names))
