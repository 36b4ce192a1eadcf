"""Which model counts where nobody names one: at most one of a kind, and one a quality of images."""

from typing import TypeAlias

from services.credits.catalogue import Prices
from shared.contracts.credits import ModelPrice
from shared.contracts.credits.prices import ModelRate
from shared.contracts.errors import Problem

# A kind, and of images their quality.
Place: TypeAlias = tuple[str, str | None]

NO_QUALITY = Problem(path="image_quality", reason="Expected of a default of images")
NO_TIER = Problem(path="credits_per_image", reason="Expected of a default: it is its tier's price")
NO_COST = Problem(
    path="cost_per_1k_input", reason="Expected what it costs; 0.00000000 where it is free"
)
SWITCHED_OFF = Problem(path="is_active", reason="Expected true of a default")
LAST_ONE = Problem(
    path="is_default", reason="Expected true until another model is the default of its kind"
)


def place_of(rate: ModelRate) -> Place:
    return rate.kind, rate.image_quality if rate.kind == "image" else None


def default_at(prices: Prices, place: Place) -> ModelPrice | None:
    """Who is the default there now."""
    rows = (row for _, row in prices.models_now.values())
    return next((row for row in rows if row.is_default and place_of(row) == place), None)


def flaws_of(rate: ModelRate) -> list[Problem]:
    """What would leave work without a price, whatever else is in the list."""
    costs = (rate.cost_per_1k_input, rate.cost_per_1k_output)
    each = (rate.cost_per_image, rate.cost_per_request)
    flaws = [] if any(cost is not None for cost in (*costs, *each)) else [NO_COST]
    return flaws + flaws_of_a_default(rate) if rate.is_default else flaws


def flaws_of_a_default(rate: ModelRate) -> list[Problem]:
    flaws = [] if rate.is_active else [SWITCHED_OFF]
    if rate.kind != "image":
        return flaws
    if rate.image_quality is None:
        flaws.append(NO_QUALITY)
    if rate.credits_per_image is None:
        flaws.append(NO_TIER)
    return flaws


def leaves_none(rate: ModelRate, known: ModelPrice | None) -> bool:
    """Whether a change would take away the default of its kind, with nobody in its place."""
    if known is None or not known.is_default:
        return False
    return not rate.is_default or place_of(rate) != place_of(known)


def predecessor_of(prices: Prices, rate: ModelRate) -> ModelPrice | None:
    """Who stops being the default when this model becomes it."""
    if not rate.is_default:
        return None
    now = default_at(prices, place_of(rate))
    return None if now is None or now.model == rate.model else now
