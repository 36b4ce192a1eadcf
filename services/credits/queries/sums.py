"""Sums of use, as they are added up from the sums by day and hour."""

from collections.abc import Iterable
from operator import attrgetter

import msgspec

from services.credits.prices import USD_UNITS
from shared.postgres import Record

COST = f"trunc(sum(cost_usd) * {USD_UNITS})"


class Sums(msgspec.Struct, frozen=True, gc=False):
    """So much was used; an action is a row of the usage log, a failure one that failed."""

    actions: int = 0
    credits: int = 0
    cost: int = 0  # 10^-8 USD.
    tokens_input: int = 0
    tokens_output: int = 0
    items: int = 0
    failures: int = 0
    response_ms: int = 0
    responses: int = 0


def as_text(*sums: str) -> str:
    """The column `sums`, which `numbers_in` reads: PostgreSQL adds up without a bound.

    One text, for as many numbers of such a size are slow to read; of no rows they are 0.
    """
    return f"concat_ws(' ', {', '.join(f'coalesce({one}, 0)' for one in sums)}) AS sums"


# As `sums_in` reads it.
SUMS = as_text(
    "sum(actions)",
    "sum(credits)",
    COST,
    "sum(tokens_input)",
    "sum(tokens_output)",
    "sum(items)",
    "sum(failures)",
    "sum(response_ms)",
    "sum(responses)",
)

numbers_of = attrgetter(*Sums.__struct_fields__)


def added(some: Iterable[Sums]) -> Sums:
    """All of them together."""
    return Sums(*map(sum, zip(*map(numbers_of, some), strict=True)))


def numbers_in(row: Record) -> Iterable[int]:
    """Read the column `sums`."""
    return map(int, row["sums"].split())


def sums_in(row: Record) -> Sums:
    """Read it where it has all there is to add up."""
    return Sums(*numbers_in(row))
