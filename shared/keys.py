"""Whole columns in, rows out: how every statement of a store takes what it is about."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from shared.postgres import Record, Transaction, columns

# A lane and the ids beside it.
Key: TypeAlias = tuple[Any, ...]
Kind = TypeVar("Kind")


def among(causes: Iterable[object], kinds: Collection[type[Kind]]) -> list[Kind]:
    """Those of some kinds, by their very type: `isinstance` takes 0.3 us for each that is none."""
    found: list[Any] = [cause for cause in causes if type(cause) in kinds]
    return found


async def find(
    tx: Transaction, statement: str, keys: Collection[Key], *more: object
) -> list[Record]:
    """Fetch the rows of some keys, which a statement takes as whole columns."""
    return await tx.fetch(statement, *zip(*keys, strict=True), *more) if keys else []


async def save_rows(
    tx: Transaction, statement: str, names: Sequence[str], changed: Sequence[object], *first: object
) -> None:
    """Hand over whole columns; no rows are no statement."""
    if changed:
        await tx.execute(statement, *first, *columns(changed, *names))
