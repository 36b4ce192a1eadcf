"""`cost.config.list` and `model.price.list`: the price lists as they stand."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from services.credits.queries.books import Books
from shared.asking import DEVELOPER, Question
from shared.contracts.credits import CostConfig, ModelPrice
from shared.contracts.credits.answers import CostConfigs, ModelPrices
from shared.contracts.credits.queries import AskCostConfigs, AskModelPrices

UPDATED_BY = "updated_by"


async def cost_configs(
    books: Books, questions: Sequence[Question[AskCostConfigs]]
) -> list[CostConfigs]:
    """How operations are charged; the catalogue of this moment is at hand."""
    prices = books.catalogue.prices
    rows = [row for _, (_, row) in sorted(prices.configs_now.items())]
    return [
        CostConfigs(
            rows=[shown_config(row, asked) for row in rows if is_shown(row, asked)],
            price_version=prices.version,
        )
        for asked in questions
    ]


async def model_prices(
    books: Books, questions: Sequence[Question[AskModelPrices]]
) -> list[ModelPrices]:
    """What models cost, and their weight in credits."""
    prices = books.catalogue.prices
    rows = [row for _, (_, row) in sorted(prices.models_now.items())]
    return [
        ModelPrices(
            rows=[shown_model(row, asked) for row in rows if is_shown(row, asked)],
            price_version=prices.version,
        )
        for asked in questions
    ]


def is_shown(
    row: CostConfig | ModelPrice, asked: Question[AskCostConfigs] | Question[AskModelPrices]
) -> bool:
    """What is switched off is shown to developers and services alone, when they ask for it."""
    sees_all = asked.role in (None, DEVELOPER) and asked.params.include_inactive
    return row.is_active or sees_all


def shown_config(row: CostConfig, asked: Question[Any]) -> CostConfig:
    """Who changed it is not for everybody."""
    if asked.sees_usd:
        return row
    previous = row.previous and {
        name: said for name, said in row.previous.items() if name != UPDATED_BY
    }
    return replace(row, updated_by=None, previous=previous)


def shown_model(row: ModelPrice, asked: Question[Any]) -> ModelPrice:
    """Nor is what it costs us."""
    if asked.sees_usd:
        return row
    return replace(
        row,
        updated_by=None,
        cost_per_1k_input=None,
        cost_per_1k_output=None,
        cost_per_image=None,
        cost_per_request=None,
    )
