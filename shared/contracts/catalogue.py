"""What is sold and what it costs, before anybody changes it (`domain.md` 3 and 8.2).

One definition: migrations write these rows, invoicing announces them, and credits knows them from
its first start on.
"""

from collections.abc import Mapping
from typing import Final

from shared.contracts.credits.prices import CostConfig, ModelPrice
from shared.contracts.invoicing import FREE, Package, Plan, RenewalPolicy
from shared.contracts.money import dollars
from shared.contracts.types import Quality

SEED_VERSION: Final = 1
SEEDED_AT: Final = "2026-01-01T00:00:00.000Z"
TOKENS_PER_WORD: Final = "1.3"
TYPICAL_ARTICLE_CREDITS: Final = 200


def plan(
    code: str, sort: int, cents: int, credits_a_month: int, limits: tuple[int | None, ...]
) -> Plan:
    """A monthly plan; `limits` are sites, users, keywords and keyword queries a month."""
    sites, users, keywords, queries = limits
    policy: RenewalPolicy = "top_up" if code == FREE else "accumulate"
    return Plan(
        plan_code=code,
        name=code.capitalize(),
        price=dollars(cents),
        billing_cycle="monthly",
        included_credits=credits_a_month,
        extra_credit_price="0.01800000",
        allow_credit_topup=True,
        max_sites=sites,
        max_users=users,
        max_keywords=keywords,
        max_ahrefs_queries=queries,
        typical_article_credits=TYPICAL_ARTICLE_CREDITS,
        renewal_policy=policy,
        features=(),
        sort=sort,
        version=SEED_VERSION,
    )


PLANS: tuple[Plan, ...] = (
    plan(FREE, 1, 0, 2_000, (1, 1, 100, 0)),
    plan("starter", 2, 49_00, 10_000, (2, 2, 1_000, 50)),
    plan("growth", 3, 149_00, 40_000, (5, 3, 5_000, 200)),
    plan("scale", 4, 399_00, 120_000, (None, 5, 20_000, 500)),
)


def package(code: str, credits_given: int, cents: int, label_pct: int) -> Package:
    return Package(
        package_code=code,
        name=code.capitalize(),
        credits=credits_given,
        price=dollars(cents),
        discount_label_pct=label_pct,
        is_featured=code == "pro",
        description=f"{credits_given:,} credits",
        features=(),
        version=SEED_VERSION,
    )


PACKAGES: tuple[Package, ...] = (
    package("starter", 500, 9_00, 0),
    package("pro", 2_000, 29_00, 10),
    package("business", 5_000, 69_00, 15),
    package("enterprise", 20_000, 249_00, 20),
)


def by_tokens(
    operation_type: str,
    tokens_per_credit: int,
    min_credits: int,
    default_tokens: tuple[int, int],
    unit_price: tuple[int, int, str],
) -> CostConfig:
    """Priced by tokens; `unit_price` (credits, so many, units) counts when nobody knows them."""
    credits_per_unit, unit_size, unit = unit_price
    return CostConfig(
        operation_type=operation_type,
        mode="tokens",
        tokens_per_credit=tokens_per_credit,
        min_credits=min_credits,
        unit=unit,
        unit_size=unit_size,
        credits_per_unit=credits_per_unit,
        default_tokens_input=default_tokens[0],
        default_tokens_output=default_tokens[1],
        display_name=display_name(operation_type),
        description=f"1 credit per {tokens_per_credit} tokens, at least {min_credits}",
        is_active=True,
        version=SEED_VERSION,
        updated_at=SEEDED_AT,
    )


def by_unit(operation_type: str, credits_per_unit: int, unit: str) -> CostConfig:
    """Priced by what is made; images by their quality (`TIER_CREDITS`)."""
    return CostConfig(
        operation_type=operation_type,
        mode="image" if unit == "image" else "fixed",
        unit=unit,
        unit_size=1,
        credits_per_unit=credits_per_unit,
        display_name=display_name(operation_type),
        description=f"{credits_per_unit} credits per {unit}",
        is_active=True,
        version=SEED_VERSION,
        updated_at=SEEDED_AT,
    )


def display_name(code: str) -> str:
    return code.replace("_", " ").capitalize()


COST_CONFIGS: tuple[CostConfig, ...] = (
    by_tokens("clustering", 150, 2, (700, 800), (10, 1, "request")),
    by_tokens("idea_generation", 200, 1, (1_400, 1_600), (15, 1, "request")),
    by_tokens("content_generation", 100, 3, (2_000, 3_000), (1, 100, "words")),
    by_tokens("image_prompt_extraction", 100, 1, (500, 1_100), (2, 1, "request")),
    by_tokens("content_linking", 300, 1, (1_400, 1_000), (8, 1, "request")),
    by_tokens("optimization", 200, 1, (1_200, 800), (1, 200, "words")),
    by_unit("image_generation", 5, "image"),
    by_unit("site_structure", 50, "request"),
    by_unit("site_page_generation", 20, "page"),
)

TIER_CREDITS: Mapping[Quality, int] = {"basic": 1, "quality": 5, "premium": 15}


def text_model(
    model: str, usd_per_1k: tuple[str, str], multiplier: str, *, is_active: bool = True
) -> ModelPrice:
    """A model of OpenAI that writes; `usd_per_1k` tokens in and out."""
    return ModelPrice(
        model=model,
        provider="openai",
        kind="text",
        cost_per_1k_input=usd_per_1k[0],
        cost_per_1k_output=usd_per_1k[1],
        credit_multiplier=multiplier,
        tokens_per_word=TOKENS_PER_WORD,
        is_default=model == "gpt-5.1",
        is_active=is_active,
        effective_from=SEEDED_AT,
        version=SEED_VERSION,
        updated_at=SEEDED_AT,
    )


def image_model(model: str, provider: str, quality: Quality, usd: str) -> ModelPrice:
    """The model that makes the images of one quality."""
    return ModelPrice(
        model=model,
        provider=provider,
        kind="image",
        cost_per_image=usd,
        credit_multiplier="1.000",
        image_quality=quality,
        credits_per_image=TIER_CREDITS[quality],
        tokens_per_word=TOKENS_PER_WORD,
        is_default=True,
        is_active=True,
        effective_from=SEEDED_AT,
        version=SEED_VERSION,
        updated_at=SEEDED_AT,
    )


MODEL_PRICES: tuple[ModelPrice, ...] = (
    text_model("gpt-5.1", ("0.00125000", "0.01000000"), "1.000"),
    text_model("gpt-4o", ("0.00250000", "0.01000000"), "1.000", is_active=False),
    text_model("gpt-4o-mini", ("0.00015000", "0.00060000"), "0.100"),
    image_model("runware:97@1", "runware", "basic", "0.01200000"),
    image_model("dall-e-3", "openai", "quality", "0.04000000"),
    image_model("google:4@2", "google", "premium", "0.14000000"),
)
