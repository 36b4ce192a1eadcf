"""A proposed price list: rows in a file, which take the place of those that count now."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from deploy.errors import OperatorError
from services.credits.catalogue import Prices
from services.credits.domain import defaults
from shared.contracts import canonical
from shared.contracts.credits import CostConfig, ModelPrice
from shared.contracts.credits.prices import ModelRate, OperationPrice
from shared.contracts.errors import Problem
from shared.contracts.message import Part

NEVER = ""  # A proposal has no version and no time; nothing that is computed of it looks at either.


class Proposal(Part, frozen=True, kw_only=True):
    """What the file holds: rows as `cost.config.list` and `model.price.list` give them.

    `version`, `previous`, `updated_by` and `updated_at` may stand in a row and count for nothing.
    """

    cost_configs: Sequence[OperationPrice] = ()
    model_prices: Sequence[ModelRate] = ()


def read(file: Path) -> Proposal:
    """OperatorError, with the fields to mend, where it is no proposal."""
    try:
        said = canonical.convert(canonical.read(file.read_bytes()), Proposal)
    except (ValueError, RecursionError) as error:
        raise OperatorError(f"{file} is not JSON: {error}") from error
    if not isinstance(said, Proposal):
        raise OperatorError(f"{file}: {in_words(said)}")
    if not said.cost_configs and not said.model_prices:
        raise OperatorError(f"{file} proposes nothing: it has no cost_configs and no model_prices")
    return said


def in_words(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{problem.path}: {problem.reason}" for problem in problems)


def applied(proposal: Proposal, prices: Prices) -> Prices:
    """The lists as they would be; all rows of which the file says nothing stay as they are."""
    for config in proposal.cost_configs:
        prices = prices.with_config(as_config(config))
    # Whoever becomes a default goes first: so the one before him can stop being it.
    for rate in sorted(proposal.model_prices, key=lambda rate: not rate.is_default):
        prices = with_rate(prices, rate)
    return prices


def with_rate(prices: Prices, rate: ModelRate) -> Prices:
    """By the rules of a change: a price that would be refused is refused here."""
    flaws = defaults.flaws_of(rate)
    known = prices.models_now.get(rate.model)
    if known is not None and defaults.leaves_none(rate, known[1]):
        flaws.append(defaults.LAST_ONE)
    if flaws:
        raise OperatorError(f"model {rate.model}: {in_words(flaws)}")
    if before := defaults.predecessor_of(prices, rate):
        prices = prices.with_model(replace(before, is_default=False))
    return prices.with_model(as_model(rate))


def as_config(row: OperationPrice) -> CostConfig:
    fields = {name: getattr(row, name) for name in OperationPrice.__struct_fields__}
    return CostConfig(version=0, updated_at=NEVER, **fields)


def as_model(row: ModelRate) -> ModelPrice:
    fields = {name: getattr(row, name) for name in ModelRate.__struct_fields__}
    return ModelPrice(version=0, updated_at=NEVER, **fields)
