"""Prices change by version: whoever changes one says which version he has seen.

A change is the next version of its row, and the next price version of all; what is held keeps the
list of its moment (P11). A model that becomes the default takes that from the one before it, which
is a change of its own.
"""

from typing import TypeVar

from msgspec.structs import replace

from services.credits import price_news, refusals
from services.credits.book import Book
from services.credits.domain.defaults import (
    LAST_ONE,
    flaws_of,
    leaves_none,
    predecessor_of,
)
from services.credits.domain.spelling import canonical
from shared.asked import Asked, audited
from shared.contracts.credits import (
    CostConfig,
    CostConfigUpdateRequested,
    ModelPrice,
    ModelPriceUpdated,
    ModelPriceUpdateRequested,
)
from shared.contracts.credits.prices import ModelRate, OperationPrice
from shared.contracts.errors import Error, invalid
from shared.contracts.message import Message, Part
from shared.contracts.operating import AuditObject, AuditRecorded
from shared.contracts.types import JsonObject

Row = TypeVar("Row", CostConfig, ModelPrice)

CONFIG, MODEL = "cost.config", "model.price"


def change_config(book: Book, request: CostConfigUpdateRequested, asked: Asked) -> list[Message]:
    """Give an operation another price, from the next decision on."""
    prices = book.catalogue.prices
    since, known = prices.configs_now.get(request.operation_type, (0, None))
    asked_for = fields_of(request, OperationPrice)
    if known is not None and is_repeat(request.expected_version, asked_for, known, OperationPrice):
        return [price_news.config_replied(known, since, replayed=True)]
    if error := stale(CONFIG, request.expected_version, known):
        return [request.refused(error)]
    row = CostConfig(
        **asked_for,
        version=request.expected_version + 1,
        previous=price_news.told(known),
        updated_by=asked.user_id,
        updated_at=book.at,
    )
    book.catalogue = book.catalogue.with_prices(prices.with_config(row))
    version = book.catalogue.prices.version
    about = AuditObject(type=CONFIG, id=row.operation_type)
    return [
        price_news.config_replied(row, version),
        price_news.config_updated(row, version),
        audited(book, request, asked, about, price_news.told(known), price_news.told(row)),
    ]


def change_model(book: Book, request: ModelPriceUpdateRequested, asked: Asked) -> list[Message]:
    """Give a model another price, or make it the one that counts where nobody names one."""
    prices = book.catalogue.prices
    since, known = prices.models_now.get(request.model, (0, None))
    asked_for = fields_of(canonical(request), ModelRate)
    if flaws := flaws_of(request):
        return [request.refused(invalid(flaws))]
    if known is not None and is_repeat(request.expected_version, asked_for, known, ModelRate):
        return [price_news.model_replied(known, since, replayed=True)]
    if error := stale(MODEL, request.expected_version, known):
        return [request.refused(error)]
    if leaves_none(request, known):
        return [request.refused(invalid([LAST_ONE]))]
    row = ModelPrice(
        **asked_for,
        version=request.expected_version + 1,
        updated_by=asked.user_id,
        updated_at=book.at,
    )
    said = [*step_down(book, request, asked), *put(book, request, asked, known, row)]
    return [price_news.model_replied(row, book.catalogue.prices.version), *said]


def step_down(book: Book, request: ModelPriceUpdateRequested, asked: Asked) -> list[Message]:
    """The default before this one is the default no more."""
    before = predecessor_of(book.catalogue.prices, request)
    if before is None:
        return []
    after = replace(
        before,
        is_default=False,
        version=before.version + 1,
        updated_by=asked.user_id,
        updated_at=book.at,
    )
    return put(book, request, asked, before, after)


def put(
    book: Book,
    request: ModelPriceUpdateRequested,
    asked: Asked,
    before: ModelPrice | None,
    after: ModelPrice,
) -> list[Message]:
    """Let a row count from now on, and say so."""
    book.catalogue = book.catalogue.with_prices(book.catalogue.prices.with_model(after))
    about = AuditObject(type=MODEL, id=after.model)
    states = price_news.told(before), price_news.told(after)
    fact: ModelPriceUpdated = price_news.model_updated(after, book.catalogue.prices.version)
    record: AuditRecorded = audited(book, request, asked, about, *states)
    return [fact, record]


def fields_of(row: Part, kind: type[Part]) -> JsonObject:
    """Those that a kind of row has."""
    return {name: getattr(row, name) for name in kind.__struct_fields__}


def is_repeat(expected: int, asked_for: JsonObject, known: Row, kind: type[Part]) -> bool:
    """Whether the row is what this change has made of it, or would make (`contract.md` 1)."""
    if known.version != expected + 1:
        return False
    stands = canonical(known) if isinstance(known, ModelPrice) else known
    return asked_for == fields_of(stands, kind)


def stale(kind: str, expected: int, known: CostConfig | ModelPrice | None) -> Error | None:
    """Nobody overwrites what he has not seen; 0 is the version of a row that is not there."""
    version = 0 if known is None else known.version
    if expected == version:
        return None
    state = "missing" if known is None else "active" if known.is_active else "inactive"
    return refusals.changed_since(kind, state, version)
