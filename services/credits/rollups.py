"""What a batch adds to the sums of the usage log: grouped, so that a busy hour is one row of it."""

from collections.abc import Iterable, Sequence
from operator import add, attrgetter, itemgetter
from typing import TypeAlias

from services.credits.book import Used
from shared.contracts.credits import UsageRecorded

# What was done and with what: of these a batch has few.
Kind: TypeAlias = tuple[str | None, ...]
kind_of = attrgetter(
    "operation_type", "model_used", "provider", "image_quality", "item_kind", "source", "status"
)
# Whose, and on which site; the place of its kind among those of the batch, from 1 on.
Key: TypeAlias = tuple[int, str, str | None, int]
# Actions, credits, shortfall, cost in 10^-8 USD, tokens in and out, items, milliseconds, responses.
Numbers: TypeAlias = tuple[int, ...]
account_of = itemgetter(1)


def numbers_of(row: UsageRecorded) -> Numbers:
    """What one row adds; what nobody said adds nothing, and so does a price that is unknown."""
    took = row.response_time_ms
    return (
        1,
        row.credits_used,
        row.shortfall,
        0 if row.cost_usd is None else int(row.cost_usd.replace(".", "")),  # It has eight places.
        row.tokens_input or 0,
        row.tokens_output or 0,
        row.items_created,
        took or 0,
        0 if took is None else 1,
    )


def grouped(usage: Iterable[Used]) -> tuple[Sequence[Kind], Sequence[Sequence[object]]]:
    """The kinds of use of a batch, and its sums as whole columns, in the order of their accounts.

    The columns are those of `Key`, then those of `Numbers`.
    """
    kinds: dict[Kind, int] = {}
    sums: dict[Key, Numbers] = {}
    for lane, _, row in usage:
        kind = kinds.setdefault(kind_of(row), len(kinds) + 1)
        key = lane, row.account_id, row.site_id, kind
        more, known = numbers_of(row), sums.get(key)
        sums[key] = more if known is None else tuple(map(add, known, more))
    rows = sorted(((*key, *numbers) for key, numbers in sums.items()), key=account_of)
    return list(kinds), list(zip(*rows, strict=True))
