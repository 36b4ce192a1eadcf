"""What changes of prices were answered: the rows that they made are what is kept of them.

The latest counts, as of an operation's extensions: an earlier one is a conflict when it is sent
again, and so is one that came too late, of which nothing is kept. Seed rows nobody asked for.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from services.credits import price_news
from services.credits.catalogue import Prices
from services.credits.domain.price_changes import fields_of
from services.credits.queries.prices import shown_config, shown_model
from shared.asking import Question
from shared.contracts.credits import (
    CostConfigUpdateRequested,
    ModelPrice,
    ModelPriceUpdateRequested,
)
from shared.contracts.credits.prices import ModelRate, OperationPrice
from shared.contracts.message import Reply, Request
from shared.contracts.operating import AskOutcome

# What was asked, and what it was answered, as far as whoever asks now may see it.
Change: TypeAlias = tuple[Request, Reply]
Find: TypeAlias = Callable[[Prices, Question[AskOutcome]], Change | None]


def config_change(prices: Prices, question: Question[AskOutcome]) -> Change | None:
    """The latest change of what an operation costs."""
    since, row = prices.configs_now.get(question.params.id, (0, None))
    if row is None or since == prices.first:
        return None
    asked = CostConfigUpdateRequested(
        **fields_of(row, OperationPrice), expected_version=row.version - 1
    )
    return asked, price_news.config_replied(shown_config(row, question), since)


def model_change(prices: Prices, question: Question[AskOutcome]) -> Change | None:
    """The latest change of a model that somebody asked for under its name."""
    since, row = commanded(prices, question.params.id)
    if row is None:
        return None
    asked = ModelPriceUpdateRequested(**fields_of(row, ModelRate), expected_version=row.version - 1)
    return asked, price_news.model_replied(shown_model(row, question), since)


def commanded(prices: Prices, model: str) -> tuple[int, ModelPrice | None]:
    """Without the row by which a model made room for another default: nobody asked it for that."""
    found: tuple[int, ModelPrice | None] = (0, None)
    was_default = False
    for since, row in prices.models_of(model):
        if since != prices.first and not (was_default and not row.is_default):
            found = since, row
        was_default = row.is_default
    return found


# Of nobody's account: whoever asks need not name one.
PRICE_CHANGES: Mapping[str, Find] = MappingProxyType(
    {
        CostConfigUpdateRequested.topic: config_change,
        ModelPriceUpdateRequested.topic: model_change,
    }
)
