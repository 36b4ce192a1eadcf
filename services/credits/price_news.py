"""What is said of a price that has changed: the reply to whoever did it, and the fact for all."""

from msgspec import to_builtins
from msgspec.structs import asdict, replace

from shared.contracts.credits import (
    CostConfig,
    CostConfigChanged,
    CostConfigUpdated,
    CostConfigUpdateReplied,
    CostConfigUpdateRequested,
    ModelPrice,
    ModelPriceChanged,
    ModelPriceUpdated,
    ModelPriceUpdateReplied,
    ModelPriceUpdateRequested,
)
from shared.contracts.types import JsonObject


def config_replied(
    row: CostConfig, price_version: int, *, replayed: bool = False
) -> CostConfigUpdateReplied:
    return CostConfigUpdateReplied(
        command=CostConfigUpdateRequested.topic,
        id=row.operation_type,
        status="ok",
        data=CostConfigChanged(row=row, price_version=price_version),
        replayed=replayed,
    )


def model_replied(
    row: ModelPrice, price_version: int, *, replayed: bool = False
) -> ModelPriceUpdateReplied:
    return ModelPriceUpdateReplied(
        command=ModelPriceUpdateRequested.topic,
        id=row.model,
        status="ok",
        data=ModelPriceChanged(row=row, price_version=price_version),
        replayed=replayed,
    )


def config_updated(row: CostConfig, price_version: int) -> CostConfigUpdated:
    return CostConfigUpdated(price_version=price_version, **asdict(row))


def model_updated(row: ModelPrice, price_version: int) -> ModelPriceUpdated:
    return ModelPriceUpdated(price_version=price_version, **asdict(row))


def told(row: CostConfig | ModelPrice | None) -> JsonObject | None:
    """A row as an audit tells it: without what it was before, which has a record of its own."""
    if row is None:
        return None
    alone = replace(row, previous=None) if isinstance(row, CostConfig) else row
    said: JsonObject = to_builtins(alone)
    return said
