"""The rows that the price lists begin with (`domain.md` 8.2), from their one definition."""

import msgspec

from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES

FIRST_PRICE_VERSION = 1

ADD_CONFIG = """
    INSERT INTO cost_configs (operation_type, version, price_version, content)
    VALUES (:name, 1, :price_version, CAST(:content AS jsonb))
"""
ADD_MODEL = """
    INSERT INTO model_prices (model, version, price_version, content)
    VALUES (:name, 1, :price_version, CAST(:content AS jsonb))
"""
FIRST_CATALOGUE = "INSERT INTO catalogue_version (single, version) VALUES (true, :version)"


def seed(statement: str, name: str, row: msgspec.Struct) -> tuple[str, dict[str, str | int]]:
    text = msgspec.json.encode(row).decode()
    return statement, {"name": name, "price_version": FIRST_PRICE_VERSION, "content": text}


SEEDS: list[tuple[str, dict[str, str | int]]] = [
    *(seed(ADD_CONFIG, row.operation_type, row) for row in COST_CONFIGS),
    *(seed(ADD_MODEL, row.model, row) for row in MODEL_PRICES),
    (FIRST_CATALOGUE, {"version": 1}),
]
