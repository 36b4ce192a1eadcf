"""Why an operation needed so much, and why it cost what it did: the sums, with their numbers."""

from collections.abc import Sequence

from services.credits.book import Reservation
from services.credits.domain.charges import model_priced
from services.credits.prices import THOUSANDTHS, Config, Model, PriceList
from shared.contracts.credits import Estimate, ImageCount, OperationRequested, UsageRow


def credits_of(count: int) -> str:
    return f"{count:,} credit" if count == 1 else f"{count:,} credits"


def list_of(prices: PriceList, config: Config) -> str:
    """How an operation is charged by a list."""
    if config.mode == "tokens":
        rule = f"{config.tokens_per_credit:,} tokens a credit, at least {config.min_credits:,}"
    elif config.mode == "image":
        rule = "by the quality of each image"
    else:
        rule = f"{credits_of(config.credits_per_unit)} for every {config.unit_size:,} {config.unit}"
    return f"price version {prices.version}: {rule}"


def estimate_of(prices: PriceList, config: Config, request: OperationRequested) -> str:
    """What was expected, and from where (P7)."""
    said = request.estimate or Estimate()
    if config.mode == "image":
        return f"{images(said.images or ())} expected"
    if config.mode == "fixed":
        return f"{1 if said.units is None else said.units:,} {config.unit} expected"
    factor = multiplied(prices.models.get(request.model or "") or prices.default_text)
    if said.tokens_input is not None and said.tokens_output is not None:
        return f"{said.tokens_input:,} + {said.tokens_output:,} tokens given{factor}"
    if said.words is not None:
        return f"{said.words:,} words given{factor}"
    return f"{config.default_input:,} + {config.default_output:,} tokens by default{factor}"


def images(counts: Sequence[ImageCount]) -> str:
    return " and ".join(f"{one.count:,} {one.quality}" for one in counts) or "no images"


def multiplied(model: Model | None) -> str:
    """Said where it changes anything."""
    if model is None or model.multiplier == THOUSANDTHS:
        return ""
    return f", x {model.multiplier // THOUSANDTHS}.{model.multiplier % THOUSANDTHS:03d}"


def margin_of(operation: Reservation) -> str:
    """P8: what is held above what is required."""
    more = operation.held - operation.estimated
    return f", {more:,} of them in case it needs more" if more > 0 else ""


def use_of(row: UsageRow) -> str:
    """What a row of the log tells of the work."""
    parts = [row.model_used or "a model that nobody named"]
    if row.tokens_input is not None or row.tokens_output is not None:
        known = " (estimated)" if row.estimated_tokens else ""
        parts.append(f"{row.tokens_input or 0:,} + {row.tokens_output or 0:,} tokens{known}")
    if row.units is not None:
        parts.append(f"{row.units:,} {row.unit_kind or 'units'}")
    if row.items_created:
        quality = f"{row.image_quality} " if row.image_quality else ""
        parts.append(f"{row.items_created:,} x {quality}{row.item_kind or 'item'}")
    if row.response_time_ms is not None:
        parts.append(f"{row.response_time_ms:,} ms")
    cost = "cost in USD unknown" if row.cost_usd is None else f"${row.cost_usd}"
    return f"{', '.join(parts)}: {credits_of(row.credits_used)}, {cost}"


def price_of(prices: PriceList, operation: Reservation, row: UsageRow) -> str:
    """The sum behind the credits, where tokens make them, and whose price it is (P16)."""
    config = prices.configs[row.operation_type]
    model = model_priced(prices, operation.model, row.model_used, config)
    if config.mode == "image":
        return list_of(prices, config) + stand_in(prices, model, row)
    if config.mode != "tokens" or row.tokens_output is None:
        return list_of(prices, config)
    tokens = (row.tokens_input or 0) + row.tokens_output
    factor = multiplied(model).replace(",", "")
    least = f", at least {config.min_credits:,}"
    sum_ = f"{tokens:,} tokens{factor} / {config.tokens_per_credit:,}, rounded up{least}"
    return f"price version {prices.version}: {sum_}{stand_in(prices, model, row)}"


def stand_in(prices: PriceList, model: Model | None, row: UsageRow) -> str:
    """Said where the model that worked has no price."""
    if row.model_used is None or row.model_used in prices.models:
        return ""
    counts = "no model's price counts"
    if model is not None:
        counts = f"priced as {model.name}, which was asked for"
    return f"; {row.model_used} is in no list: {counts}"
