"""Prices, plans and packages: read as a whole, seldom written."""

from services.credits import statements as sql
from services.credits.catalogue import Catalogue, Prices
from shared.postgres import Transaction


async def read(tx: Transaction, version: int) -> Catalogue:
    """All prices of all versions; plans and packages as announced, else the seed rows."""
    configs = [(row[0], sql.read_config(row[1])) for row in await tx.fetch(sql.ALL_CONFIGS)]
    models = [(row[0], sql.read_model(row[1])) for row in await tx.fetch(sql.ALL_MODELS)]
    plans = [sql.read_plan(row[0]) for row in await tx.fetch(sql.ALL_PLANS)]
    packages = [sql.read_package(row[0]) for row in await tx.fetch(sql.ALL_PACKAGES)]
    return Catalogue(
        version,
        Prices(configs, models),
        sql.SEED_PLANS | {plan.plan_code: plan for plan in plans},
        sql.SEED_PACKAGES | {package.package_code: package for package in packages},
    )


async def save(tx: Transaction, now: Catalogue, before: Catalogue) -> None:
    """Keep what was announced, and let every worker read it with its next batch."""
    plans = [p for code, p in now.plans.items() if before.plans.get(code) is not p]
    packages = [p for code, p in now.packages.items() if before.packages.get(code) is not p]
    if plans:
        codes = [p.plan_code for p in plans], [p.version for p in plans]
        await tx.execute(sql.SAVE_PLANS, *codes, [sql.to_json(p) for p in plans])
    if packages:
        codes = [p.package_code for p in packages], [p.version for p in packages]
        await tx.execute(sql.SAVE_PACKAGES, *codes, [sql.to_json(p) for p in packages])
    await tx.execute(sql.RAISE_CATALOGUE)
