"""What a change of a price may have been answered: the row that it made, or that it came too late.

Whoever was too late was told the version that stood there then, which is one of those of the row.
"""

from collections.abc import Collection, Mapping, Sequence

from services.credits import price_news, refusals, store
from services.credits.book import Key
from services.credits.domain.price_changes import CONFIG, MODEL
from shared.contracts.credits import (
    CostConfig,
    CostConfigUpdateReplied,
    CostConfigUpdateRequested,
    ModelPrice,
    ModelPriceUpdateReplied,
    ModelPriceUpdateRequested,
)
from shared.contracts.message import Reply
from shared.postgres import Transaction


async def of_configs(tx: Transaction, keys: Collection[Key]) -> Mapping[Key, Sequence[Reply]]:
    prices = (await store.catalogue.read(tx, 0)).prices
    return {key: list(answers_about_config(key[1], prices.configs)) for key in keys}


async def of_models(tx: Transaction, keys: Collection[Key]) -> Mapping[Key, Sequence[Reply]]:
    prices = (await store.catalogue.read(tx, 0)).prices
    return {key: list(answers_about_model(key[1], prices.models)) for key in keys}


def answers_about_config(name: str, known: Sequence[tuple[int, CostConfig]]) -> list[Reply]:
    rows = [(since, row) for since, row in known if row.operation_type == name]
    too_late = [
        CostConfigUpdateReplied(
            command=CostConfigUpdateRequested.topic,
            id=name,
            status="error",
            error=refusals.changed_since(CONFIG, state, version),
        )
        for state, version in states_of([row for _, row in rows])
    ]
    return [*too_late, *(price_news.config_replied(row, since) for since, row in rows)]


def answers_about_model(name: str, known: Sequence[tuple[int, ModelPrice]]) -> list[Reply]:
    rows = [(since, row) for since, row in known if row.model == name]
    too_late = [
        ModelPriceUpdateReplied(
            command=ModelPriceUpdateRequested.topic,
            id=name,
            status="error",
            error=refusals.changed_since(MODEL, state, version),
        )
        for state, version in states_of([row for _, row in rows])
    ]
    return [*too_late, *(price_news.model_replied(row, since) for since, row in rows)]


def states_of(rows: Sequence[CostConfig | ModelPrice]) -> list[tuple[str, int]]:
    """All that ever stood there, from nothing on."""
    known = [("active" if row.is_active else "inactive", row.version) for row in rows]
    return [("missing", 0), *known]
