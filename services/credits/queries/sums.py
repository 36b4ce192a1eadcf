"""Sums of use, as they are added up from the sums by hour."""

from dataclasses import astuple, dataclass

from services.credits.prices import USD_UNITS
from shared.postgres import Record

# Under the names of the fields of `Sums`; an empty group sums up to nothing.
SUMS = """
    coalesce(sum(actions), 0) AS actions, coalesce(sum(credits), 0) AS credits,
    coalesce(sum(cost_usd), 0) AS cost, coalesce(sum(tokens_input), 0) AS tokens_input,
    coalesce(sum(tokens_output), 0) AS tokens_output, coalesce(sum(items), 0) AS items,
    coalesce(sum(actions) FILTER (WHERE status = 'failed'), 0) AS failures,
    coalesce(sum(response_ms), 0) AS response_ms, coalesce(sum(responses), 0) AS responses
"""


@dataclass(frozen=True, slots=True, order=True)
class Sums:
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

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def sums_in(row: Record) -> Sums:
    """Read the columns `SUMS`, which PostgreSQL adds up without a bound."""
    exact = {name: row[name] for name in Sums.__slots__}
    exact["cost"] *= USD_UNITS
    return Sums(**{name: int(value) for name, value in exact.items()})
