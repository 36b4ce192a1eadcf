"""`cost.config.list` and `model.price.list`: prices as they stand, and who sees what."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.types import JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.credits.queries.pricing import develops
from tests.credits.rules.pricing import config_update, model_update
from tests.databases import own_database
from tests.signing import ME


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Books whose prices nobody else changes."""
    with own_database(home, environment, "credits", "price_lists") as url:
        yield url


async def listed(
    clerk: Clerk, query: str, account: str, role: Role | None = None, **params: bool
) -> JsonObject:
    """The rows of a list by their codes."""
    actor = None if role is None else token(role, account)
    said = await clerk.tells(query, account, actor, **params)
    return {row.get("operation_type") or row["model"]: row for row in said["rows"]}


async def test_the_lists_begin_with_the_seed_rows_in_use(clerk: Clerk, account: str) -> None:
    configs = await clerk.tells("cost.config.list", account)
    models = await listed(clerk, "model.price.list", account)

    assert (len(configs["rows"]), configs["price_version"]) == (9, 1)
    assert configs["rows"][0]["operation_type"] == "clustering"
    assert models.keys() == {
        *("gpt-5.1", "gpt-4o-mini", "runware:97@1", "dall-e-3", "google:4@2"),
    }
    assert models["dall-e-3"]["cost_per_image"] == "0.04000000"


async def test_a_change_is_listed_with_what_was_before_it(clerk: Clerk, account: str) -> None:
    await develops(
        clerk, config_update(tokens_per_credit=80), model_update(credit_multiplier="0.2")
    )

    said = await clerk.tells("cost.config.list", account)
    row = (await listed(clerk, "cost.config.list", account))["content_generation"]
    assert (row["tokens_per_credit"], row["version"], row["updated_by"]) == (80, 2, ME)
    assert row["previous"]["tokens_per_credit"] == 100
    assert said["price_version"] == 3


@pytest.mark.parametrize(
    ("role", "sees"),
    [(None, True), ("developer", True), ("owner", False), ("admin", False), ("viewer", False)],
)
async def test_what_is_switched_off_is_a_developers_to_see(
    clerk: Clerk, account: str, role: Role | None, *, sees: bool
) -> None:
    models = await listed(clerk, "model.price.list", account, role, include_inactive=True)

    assert ("gpt-4o" in models) is sees
    assert "gpt-4o" not in await listed(clerk, "model.price.list", account, role)


@pytest.mark.parametrize("role", ["viewer", "editor", "system_bot"])
async def test_no_usd_and_nobodys_name_for_who_may_not_see_them(
    clerk: Clerk, account: str, role: Role
) -> None:
    await develops(clerk, config_update(tokens_per_credit=80), model_update())
    await develops(clerk, config_update(expected=2, tokens_per_credit=70))

    models = await listed(clerk, "model.price.list", account, role)
    configs = await listed(clerk, "cost.config.list", account, role)

    assert not any(name.startswith("cost_") for row in models.values() for name in row)
    assert "updated_by" not in models["gpt-4o-mini"]
    content = configs["content_generation"]
    assert "updated_by" not in content
    assert "updated_by" not in content["previous"]
    assert content["previous"]["tokens_per_credit"] == 80


@pytest.mark.parametrize("role", ["owner", "admin", "developer"])
async def test_who_pays_sees_what_models_cost(clerk: Clerk, account: str, role: Role) -> None:
    models = await listed(clerk, "model.price.list", account, role)

    assert models["gpt-5.1"]["cost_per_1k_output"] == "0.01000000"
