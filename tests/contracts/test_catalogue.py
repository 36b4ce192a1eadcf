"""What is sold before anybody changes it."""

from decimal import Decimal

import msgspec
import pytest

from shared.contracts import canonical
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES, PACKAGES, PLANS, TIER_CREDITS
from shared.contracts.credits import CostConfig, ModelPrice
from shared.contracts.invoicing import Package, PackageUpdated, Plan, PlanUpdated
from shared.contracts.message import Part, encode


def test_plans_cost_and_give_what_the_price_page_says() -> None:
    assert [
        (
            *(plan.plan_code, plan.price.amount_minor, plan.included_credits),
            *(plan.max_sites, plan.max_users, plan.max_keywords, plan.max_ahrefs_queries),
        )
        for plan in PLANS
    ] == [
        ("free", 0, 2_000, 1, 1, 100, 0),
        ("starter", 49_00, 10_000, 2, 2, 1_000, 50),
        ("growth", 149_00, 40_000, 5, 3, 5_000, 200),
        ("scale", 399_00, 120_000, None, 5, 20_000, 500),
    ]


def test_only_free_is_topped_up_and_the_others_accumulate() -> None:
    assert [plan.renewal_policy for plan in PLANS] == ["top_up", *["accumulate"] * 3]
    assert [plan.sort for plan in PLANS] == [1, 2, 3, 4]
    assert {plan.extra_credit_price for plan in PLANS} == {"0.01800000"}


def test_packages_cost_and_give_what_the_price_page_says() -> None:
    assert [
        (row.package_code, row.credits, row.price.amount_minor, row.discount_label_pct)
        for row in PACKAGES
    ] == [
        ("starter", 500, 9_00, 0),
        ("pro", 2_000, 29_00, 10),
        ("business", 5_000, 69_00, 15),
        ("enterprise", 20_000, 249_00, 20),
    ]
    assert [row.package_code for row in PACKAGES if row.is_featured] == ["pro"]


def required(config: CostConfig) -> int:
    """Rules P2 and P4 on the defaults of an operation."""
    if config.tokens_per_credit is None:
        return config.credits_per_unit or 0
    tokens = (config.default_tokens_input or 0) + (config.default_tokens_output or 0)
    return max(config.min_credits or 0, -(-tokens // config.tokens_per_credit))


def test_operations_need_by_default_what_the_price_page_says() -> None:
    assert {config.operation_type: required(config) for config in COST_CONFIGS} == {
        "clustering": 10,
        "idea_generation": 15,
        "content_generation": 50,
        "image_prompt_extraction": 16,
        "content_linking": 8,
        "optimization": 10,
        "image_generation": 5,
        "site_structure": 50,
        "site_page_generation": 20,
    }


def test_operations_without_tokens_are_priced_by_their_unit() -> None:
    assert {
        config.operation_type: (config.credits_per_unit, config.unit_size, config.unit)
        for config in COST_CONFIGS
    } == {
        "clustering": (10, 1, "request"),
        "idea_generation": (15, 1, "request"),
        "content_generation": (1, 100, "words"),
        "image_prompt_extraction": (2, 1, "request"),
        "content_linking": (8, 1, "request"),
        "optimization": (1, 200, "words"),
        "image_generation": (5, 1, "image"),
        "site_structure": (50, 1, "request"),
        "site_page_generation": (20, 1, "page"),
    }


def test_models_cost_what_their_makers_ask() -> None:
    assert {
        model.model: tuple(
            Decimal(cost)
            for cost in (model.cost_per_1k_input, model.cost_per_1k_output, model.cost_per_image)
            if cost is not None
        )
        for model in MODEL_PRICES
    } == {
        "gpt-5.1": (Decimal("0.00125"), Decimal("0.01")),
        "gpt-4o": (Decimal("0.0025"), Decimal("0.01")),
        "gpt-4o-mini": (Decimal("0.00015"), Decimal("0.0006")),
        "runware:97@1": (Decimal("0.012"),),
        "dall-e-3": (Decimal("0.04"),),
        "google:4@2": (Decimal("0.14"),),
    }
    assert [model.model for model in MODEL_PRICES if not model.is_active] == ["gpt-4o"]
    assert {m.model for m in MODEL_PRICES if m.credit_multiplier == "0.100"} == {"gpt-4o-mini"}


def test_each_quality_of_images_has_one_model_and_one_price() -> None:
    by_quality = {m.image_quality: m.credits_per_image for m in MODEL_PRICES if m.kind == "image"}
    assert by_quality == TIER_CREDITS == {"basic": 1, "quality": 5, "premium": 15}


def test_a_provider_has_at_most_one_default_of_a_kind() -> None:
    defaults = [(model.provider, model.kind) for model in MODEL_PRICES if model.is_default]
    assert len(defaults) == len(set(defaults))
    assert ("openai", "text") in defaults


@pytest.mark.parametrize(
    ("rows", "contract"),
    [
        (PLANS, Plan),
        (PLANS, PlanUpdated),
        (PACKAGES, Package),
        (PACKAGES, PackageUpdated),
        (COST_CONFIGS, CostConfig),
        (MODEL_PRICES, ModelPrice),
    ],
)
def test_every_row_keeps_its_own_contract(rows: tuple[Part, ...], contract: type[Part]) -> None:
    for row in rows:
        read = canonical.convert(canonical.read(encode(row)), contract)
        assert msgspec.to_builtins(read) == msgspec.json.decode(encode(row))
