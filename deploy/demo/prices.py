"""What a job should cost, computed from the seed price list by hand.

It shares no code with the services: that is what makes it a check (`domain.md` P1 to P4).
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil

from deploy.demo.rule import Job
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES
from shared.contracts.types import Quality

PLACES = Decimal("0.00000001")
CONFIGS = {config.operation_type: config for config in COST_CONFIGS}
MODELS = {price.model: price for price in MODEL_PRICES}
DEFAULT = next(x for x in MODEL_PRICES if x.is_default and x.kind == "text")
IMAGES = {price.image_quality: price for price in MODEL_PRICES if price.kind == "image"}


def credits_of(job: Job) -> int:
    config = CONFIGS[job.work.operation_type]
    if job.work.images is not None:
        return sum(of_images(x.quality, x.count) for x in job.work.images)
    if job.work.pages is not None:
        return job.work.pages * (config.credits_per_unit or 0)
    tokens = job.call.tokens_input + job.call.tokens_output
    return of_tokens(job.work.operation_type, job.work.model or DEFAULT.model, tokens)


def of_images(quality: Quality, count: int) -> int:
    return (IMAGES[quality].credits_per_image or 0) * count


def of_tokens(operation_type: str, model: str, tokens: int) -> int:
    config, multiplier = CONFIGS[operation_type], Fraction(MODELS[model].credit_multiplier)
    return max(config.min_credits or 0, ceil(tokens * multiplier / (config.tokens_per_credit or 1)))


def usual(operation_type: str) -> int:
    """What an operation needs of which nobody says anything."""
    config = CONFIGS[operation_type]
    tokens = (config.default_tokens_input or 0) + (config.default_tokens_output or 0)
    return of_tokens(operation_type, DEFAULT.model, tokens)


def usd_of(job: Job) -> Decimal:
    if job.work.images is not None:
        cost = sum(
            Decimal(IMAGES[x.quality].cost_per_image or 0) * x.count for x in job.work.images
        )
        return Decimal(cost).quantize(PLACES, ROUND_HALF_UP)
    model = MODELS[job.work.model or DEFAULT.model]
    tokens_in, tokens_out = job.call.tokens_input, job.call.tokens_output
    cost = tokens_in * Decimal(model.cost_per_1k_input or 0)
    cost += tokens_out * Decimal(model.cost_per_1k_output or 0)
    return (cost / 1000).quantize(PLACES, ROUND_HALF_UP)
