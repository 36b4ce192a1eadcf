"""What the keys of insights are called."""

from collections.abc import Mapping
from types import MappingProxyType

from services.credits.prices import PriceList

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What an operation makes when it does not say it, and would have made when it failed.
MADE: Mapping[str, str] = MappingProxyType(
    {
        "clustering": "cluster",
        "idea_generation": "idea",
        "content_generation": "article",
        "image_prompt_extraction": "prompt",
        "image_generation": "image",
        "content_linking": "link",
        "site_page_generation": "page",
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "none": "No site",
        "unknown": "Unknown",
        "manual": "Manual",
        "automation": "Automated",
        "other": "Everything else",
    }
)


def kind_made() -> str:
    """The expression for what a row of sums has made: as it says, else what its operation makes."""
    cases = " ".join(f"WHEN '{name}' THEN '{kind}'" for name, kind in MADE.items())
    return f"coalesce(item_kind, CASE operation_type {cases} ELSE operation_type END)"


def label_of(dimension: str, key: str, prices: PriceList) -> str:
    """In words where there are some; a site, a model and a provider are called as they are."""
    match dimension:
        case "action" | "top":
            name, _, site = key.partition("@")
            config = prices.configs.get(name)
            said = config.display_name if config else WORDS.get(name, name)
            return f"{said} ({site})" if site else said
        case "hour_of_week":
            day, _, hour = key.partition("-")
            return f"{DAYS[int(day) - 1]} {hour}:00"
        case "consumption" | "image_quality":
            return key.replace(":", ", ").replace("_", " ").capitalize()
        case _:
            return WORDS.get(key, key)
