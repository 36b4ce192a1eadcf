"""Prices, plans and packages: read as a whole, seldom written."""

from collections.abc import Sequence

from services.credits import statements as sql
from services.credits.catalogue import Catalogue, Prices
from services.credits.domain import Cause
from shared.catalogue import LOCK, RAISE, plans_of, save_plans, to_json
from shared.contracts.credits import (
    CostConfig,
    CostConfigUpdateRequested,
    ModelPrice,
    ModelPriceUpdateRequested,
)
from shared.postgres import Transaction

PRICE_CHANGES = frozenset((CostConfigUpdateRequested, ModelPriceUpdateRequested))


async def lock(tx: Transaction, causes: Sequence[Cause]) -> None:
    """Whoever changes a price waits for whoever else does: its version is the next one."""
    if not PRICE_CHANGES.isdisjoint(map(type, causes)):
        await tx.execute(LOCK)


async def read(tx: Transaction, version: int) -> Catalogue:
    """All prices of all versions; plans and packages as announced, else the seed rows.

    One statement sees one moment: no list has a change and misses the one before it.
    """
    found: dict[str, list[tuple[int, str]]] = {"config": [], "model": [], "plan": [], "package": []}
    for kind, since, content in await tx.fetch(sql.WHOLE_CATALOGUE):
        found[kind].append((since, content))
    configs = [(since, sql.read_config(content)) for since, content in found["config"]]
    models = [(since, sql.read_model(content)) for since, content in found["model"]]
    packages = [sql.read_package(content) for _, content in found["package"]]
    return Catalogue(
        version,
        Prices(configs, models),
        plans_of([content for _, content in found["plan"]]),
        sql.SEED_PACKAGES | {package.package_code: package for package in packages},
    )


async def save(tx: Transaction, now: Catalogue, before: Catalogue) -> None:
    """Keep what is new, and let every worker read it with its next batch."""
    configs = now.prices.configs[len(before.prices.configs) :]
    models = now.prices.models[len(before.prices.models) :]
    await add(tx, sql.ADD_CONFIGS, [(row.operation_type, since, row) for since, row in configs])
    await add(tx, sql.ADD_MODELS, [(row.model, since, row) for since, row in models])
    await save_plans(tx, now.plans, before.plans)
    packages = [p for code, p in now.packages.items() if before.packages.get(code) is not p]
    if packages:
        codes = [p.package_code for p in packages], [p.version for p in packages]
        await tx.execute(sql.SAVE_PACKAGES, *codes, [to_json(p) for p in packages])
    await tx.execute(RAISE)


async def add(
    tx: Transaction, statement: str, rows: Sequence[tuple[str, int, CostConfig | ModelPrice]]
) -> None:
    """Add versions of price rows; those before them stay, for whoever was promised them."""
    if rows:
        columns = [(name, row.version, since, to_json(row)) for name, since, row in rows]
        await tx.execute(statement, *zip(*columns, strict=True))
