"""What an operation of the usage log costs by a price list: the rules of credits, on what rows say.

A row does not tell all that its report did. What is missing is taken so (`NOTES` says it aloud):
an operation was one request; a model that is named in the row was asked for by name; tokens that
were estimated are estimated anew; and what was charged by the estimate of its hold costs the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

from deploy.prices.uses import Use
from services.credits.domain.charges import model_priced
from services.credits.prices import Config, PriceList, scaled
from shared.contracts.credits import Done, ImageCount, Items

MUCH = 10**9  # Credits of a hold that nobody has: whatever they change was priced by a hold.
NOTES = (
    "An operation counts as one request, for the log does not tell how many there were.",
    "A model that stands in the log counts as asked for by name: another default moves nobody.",
    "Tokens that were estimated (P6) are estimated anew where the log tells the words.",
    "Work charged by the estimate of its hold (P16) costs what it did: the log has no estimates.",
    "Credits are what work cost, those included that an account did not have (shortfall).",
)


class Price(NamedTuple):
    """Credits, and USD in units of 10^-8: None where the model has no price."""

    credits: int
    usd: int | None


class Compared(NamedTuple):
    """A row's price beside the proposed one."""

    old: Price
    new: Price
    is_certain: bool  # Whether the list of its own time gives the row's price, by the row alone.


def compared(operation: Sequence[Use], old: PriceList, new: PriceList) -> list[Compared]:
    """The rows of one operation; `old` is the list by which they were priced."""
    return [
        Compared(
            written := price_written(use),
            price_of(use, old, new, is_first=place == 0),
            price_of(use, old, old, is_first=place == 0) == written,
        )
        for place, use in enumerate(operation)
    ]


def price_written(use: Use) -> Price:
    return Price(use.credits, None if use.cost_usd is None else scaled(use.cost_usd, 8))


def price_of(use: Use, known: PriceList, prices: PriceList, *, is_first: bool) -> Price:
    """By `prices`; `known` is the list of the row's time, which tells what was a default in it."""
    model = prices.models.get(use.model_used or "")
    if use.status == "failed":
        tokens = use.tokens_input or 0, use.tokens_output or 0
        return Price(0, None if model is None else model.usd(*tokens, 0, 0))
    config = prices.configs[use.operation_type]
    done = done_of(use, known.configs[use.operation_type], config)
    priced = model_priced(prices, use.model_requested, use.model_used, config)
    used = prices.used(config, done, priced, 0)
    may_depend = config.mode != "tokens" or used.tokens_output is None
    if may_depend and used != prices.used(config, done, priced, MUCH):
        used = used._replace(credits=use.credits)
    images = images_of(use) if config.mode == "image" else 0
    tokens = used.tokens_input or 0, used.tokens_output or 0
    usd = None if model is None else model.usd(*tokens, images, 1 if is_first else 0)
    return Price(used.credits, usd)


def done_of(use: Use, then: Config, config: Config) -> Done:
    """What was reported, as far as the row tells; `then`: how its type was charged at the time."""
    tokens_input, tokens_output = use.tokens_input, use.tokens_output
    if use.estimated_tokens and use.unit_kind == "words" and use.units is not None:
        tokens_output = None
    if use.estimated_tokens and tokens_input == then.default_input:
        tokens_input = None
    return Done(
        tokens_input=tokens_input,
        tokens_output=tokens_output,
        units=use.units,
        unit_kind=use.unit_kind,
        images=delivered(use) if config.mode == "image" else None,
        items=None if use.item_kind is None else Items(kind=use.item_kind, count=use.items_created),
    )


def delivered(use: Use) -> Sequence[ImageCount] | None:
    """The images of a row; a report without a list of them told units, or that there were none."""
    if use.image_quality is not None:
        return [ImageCount(quality=use.image_quality, count=use.items_created)]
    return None if use.credits else ()


def images_of(use: Use) -> int:
    """How many images the provider made."""
    if use.image_quality is not None or use.units is None:
        return use.items_created
    return use.units
