"""What a batch adds to the sums of the usage log: grouped, so that a busy hour is one row of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeAlias

from services.credits.book import Used
from shared.contracts.credits import UsageRecorded

# What was done and with what: of these a batch has few.
Kind: TypeAlias = tuple[str | None, ...]
kind_of = attrgetter(
    "operation_type", "model_used", "provider", "image_quality", "item_kind", "source", "status"
)


@dataclass(slots=True)
class Sums:
    """One kind of use by one account on one site, within the hour of the batch."""

    lane: int
    account_id: str
    site_id: str | None
    kind: int  # Its place among the kinds of the batch, from 1 on.
    actions: int = 0
    credits: int = 0
    shortfall: int = 0
    cost: int = 0  # 10^-8 USD.
    tokens_input: int = 0
    tokens_output: int = 0
    items: int = 0
    response_ms: int = 0
    responses: int = 0

    def add(self, row: UsageRecorded) -> None:
        """What nobody said adds nothing; so does a price that is unknown."""
        self.actions += 1
        self.credits += row.credits_used
        self.shortfall += row.shortfall
        self.items += row.items_created
        if row.cost_usd is not None:
            self.cost += int(row.cost_usd.replace(".", ""))  # It has eight places.
        if row.tokens_input is not None:
            self.tokens_input += row.tokens_input
        if row.tokens_output is not None:
            self.tokens_output += row.tokens_output
        if row.response_time_ms is not None:
            self.response_ms += row.response_time_ms
            self.responses += 1


def grouped(usage: Iterable[Used]) -> tuple[Sequence[Kind], Sequence[Sums]]:
    """The kinds of use of a batch, and its sums, in the order of their accounts."""
    kinds: dict[Kind, int] = {}
    sums: dict[tuple[str, str | None, int], Sums] = {}
    for lane, _, row in usage:
        kind = kinds.setdefault(kind_of(row), len(kinds) + 1)
        key = row.account_id, row.site_id, kind
        found = sums.get(key)
        if found is None:
            found = sums[key] = Sums(lane, *key)
        found.add(row)
    return list(kinds), sorted(sums.values(), key=attrgetter("account_id"))
