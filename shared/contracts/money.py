"""Amounts of money: integer minor units and a currency, never a float."""

from typing import Final, Literal

import msgspec

from shared.contracts.types import Int

OURS: Final = "USD"  # Another currency is invalid, except in what a gateway says was paid.


class Money(msgspec.Struct, frozen=True, gc=False):
    """What something costs, in cents."""

    amount_minor: Int
    currency: Literal["USD"]


def dollars(cents: int) -> Money:
    """An amount in our currency."""
    return Money(cents, OURS)
