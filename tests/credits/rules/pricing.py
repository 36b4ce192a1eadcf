"""Developers who change prices, in few words."""

from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES, SEEDED_AT
from shared.contracts.credits import CostConfigUpdateRequested, ModelPriceUpdateRequested
from shared.contracts.credits.prices import ModelRate, OperationPrice
from shared.contracts.message import Part
from shared.contracts.types import Json, JsonObject

CONFIGS = {row.operation_type: row for row in COST_CONFIGS}
MODELS = {row.model: row for row in MODEL_PRICES}


def fields_of(row: Part, kind: type[Part]) -> JsonObject:
    return {name: getattr(row, name) for name in kind.__struct_fields__}


def config_update(
    code: str = "content_generation", expected: int = 1, **said: Json
) -> CostConfigUpdateRequested:
    """Another price of an operation; one that is new costs what an article does."""
    known = fields_of(CONFIGS.get(code, CONFIGS["content_generation"]), OperationPrice)
    fields = known | {"operation_type": code, "expected_version": expected} | said
    return CostConfigUpdateRequested(**fields)


def model_update(
    model: str = "gpt-4o-mini", expected: int = 1, **said: Json
) -> ModelPriceUpdateRequested:
    """Another price of a model; one that is new costs what `gpt-4o-mini` does."""
    known = fields_of(MODELS.get(model, MODELS["gpt-4o-mini"]), ModelRate)
    fields = known | {"model": model, "expected_version": expected} | said
    return ModelPriceUpdateRequested(**fields | {"effective_from": SEEDED_AT})
