"""What an operation costs: credits in integers, USD in exact units of 10^-8 (`domain.md` 8.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.contracts.credits import (
    CostConfig,
    Done,
    Estimate,
    ImageCount,
    ModelPrice,
    OperationFailed,
)
from shared.contracts.types import MAX_CREDITS, Quality

THOUSANDTHS = 1000
USD_UNITS = 10**8  # P1: eight places.
MAX_COST = 10**6 * USD_UNITS  # What decimal(14,8) holds, and a thousand times what is usual.
TOKENS_A_PRICE = 1000  # Prices of models are per 1,000 tokens.
USUAL_QUALITY: Quality = "quality"  # Of images of which nobody says it: 5 credits each.


class Usage(NamedTuple):
    """What an operation used, as it is priced; tokens are None where nobody knows them."""

    tokens_input: int | None
    tokens_output: int | None
    is_estimated: bool
    credits: int


@dataclass(frozen=True, slots=True)
class Model:
    """A row of the model price list, its decimals as exact integers."""

    name: str
    provider: str
    kind: str
    multiplier: int  # Thousandths.
    tokens_a_word: int  # Thousandths.
    input_price: int  # 10^-8 USD a 1,000 tokens.
    output_price: int
    image_price: int  # 10^-8 USD each.
    request_price: int
    credits_per_image: int | None
    quality: Quality | None
    is_default: bool
    is_active: bool

    @classmethod
    def of(cls, row: ModelPrice) -> "Model":
        return cls(
            row.model,
            row.provider,
            row.kind,
            scaled(row.credit_multiplier, 3),
            scaled(row.tokens_per_word, 3),
            scaled(row.cost_per_1k_input or "0", 8),
            scaled(row.cost_per_1k_output or "0", 8),
            scaled(row.cost_per_image or "0", 8),
            scaled(row.cost_per_request or "0", 8),
            row.credits_per_image,
            row.image_quality,
            row.is_default,
            row.is_active,
        )

    def usd(self, tokens_input: int, tokens_output: int, images: int, requests: int) -> int:
        """P1: one rounding at the end, half up; in 10^-8 USD."""
        return half_up(self.exact(tokens_input, tokens_output, images, requests), TOKENS_A_PRICE)

    def exact(self, tokens_input: int, tokens_output: int, images: int, requests: int) -> int:
        """P1 before it is rounded; in 10^-11 USD."""
        by_tokens = tokens_input * self.input_price + tokens_output * self.output_price
        each = images * self.image_price + requests * self.request_price
        return by_tokens + each * TOKENS_A_PRICE


@dataclass(frozen=True, slots=True)
class Config:
    """A row of the cost configuration: how one operation type is charged."""

    operation_type: str
    mode: str
    tokens_per_credit: int
    min_credits: int
    unit: str
    unit_size: int
    credits_per_unit: int
    default_input: int
    default_output: int
    display_name: str
    is_active: bool

    @classmethod
    def of(cls, row: CostConfig) -> "Config":
        return cls(
            row.operation_type,
            row.mode,
            row.tokens_per_credit or 1,
            row.min_credits or 0,
            row.unit,
            row.unit_size,
            row.credits_per_unit or 0,
            row.default_tokens_input or 0,
            row.default_tokens_output or 0,
            row.display_name,
            row.is_active,
        )

    def by_tokens(self, tokens: int, model: Model | None) -> int:
        """P2: the exact rational, rounded up once, and never below the minimum."""
        multiplier = THOUSANDTHS if model is None else model.multiplier
        return max(
            self.min_credits, -(-tokens * multiplier // (self.tokens_per_credit * THOUSANDTHS))
        )

    def by_units(self, units: int) -> int:
        """P4."""
        return -(-units // self.unit_size) * self.credits_per_unit

    def with_margin(self, required: int, percent: int) -> int:
        """P8: a hold in tokens is larger than its estimate, one in images or units is exact."""
        return -(-required * (100 + percent) // 100) if self.mode == "tokens" else required


@dataclass(frozen=True, slots=True)
class PriceList:
    """All prices as of one version; a hold keeps the list of its moment (P11)."""

    version: int
    configs: Mapping[str, Config]
    models: Mapping[str, Model]
    default_text: Model | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "default_text", self._default("text", None))

    def _default(self, kind: str, quality: str | None) -> Model | None:
        candidates = (m for m in self.models.values() if m.kind == kind and m.is_default)
        return next((m for m in candidates if quality in (None, m.quality)), None)

    def active_operations(self) -> list[str]:
        return sorted(name for name, config in self.configs.items() if config.is_active)

    def active_models(self) -> list[str]:
        return sorted(name for name, model in self.models.items() if model.is_active)

    def required(self, config: Config, estimate: Estimate | None, model: Model | None) -> int:
        """P7: given tokens, else words, else the defaults of the operation."""
        if estimate is None:
            estimate = NOTHING_SAID
        if config.mode == "image":
            return self.of_images(config, estimate.images or (), model)
        if config.mode == "fixed":
            return config.by_units(1 if estimate.units is None else estimate.units)
        chosen = model or self.default_text
        return config.by_tokens(sum(expected_tokens(config, estimate, chosen)), chosen)

    def of_images(self, config: Config, images: Sequence[ImageCount], model: Model | None) -> int:
        """P3: the price of each tier, unless the model has a price of its own."""
        return sum(
            image.count * self.image_credits(config, image.quality, model) for image in images
        )

    def image_lines(self, config: Config, done: Done, model: Model | None) -> Sequence[int]:
        """What each line of delivered images costs."""
        if config.mode != "image" or not done.images:
            return ()
        return [x.count * self.image_credits(config, x.quality, model) for x in done.images]

    def image_credits(self, config: Config, quality: str, model: Model | None) -> int:
        """Work is never free because its tier is missing: then an image has its unit's price."""
        tier = self.tier(quality, model)
        return config.credits_per_unit if tier is None else tier

    def tier(self, quality: str, model: Model | None) -> int | None:
        """What an image of a quality costs; None where neither its model nor a default says it."""
        if model is not None and model.credits_per_image is not None:
            return model.credits_per_image
        usual = self._default("image", quality)
        return None if usual is None else usual.credits_per_image

    def used(self, config: Config, done: Done, model: Model | None, held: int) -> Usage:
        """P2 to P6 on what was really done; `held` is the estimate of its hold, else 0."""
        if config.mode == "image" and done.images is not None:
            charged = self.of_images(config, done.images, model)
            return Usage(done.tokens_input, done.tokens_output, is_estimated=False, credits=charged)
        if config.mode == "tokens":
            return self._by_tokens(config, done, model, held)
        charged = min(by_unit_price(config, done, held), MAX_CREDITS)
        return Usage(done.tokens_input, done.tokens_output, is_estimated=False, credits=charged)

    def _by_tokens(self, config: Config, done: Done, model: Model | None, held: int) -> Usage:
        """P6: where the provider is silent, words count, and without words the unit's price."""
        tokens_input, tokens_output = done.tokens_input, done.tokens_output
        silent = tokens_input is None or tokens_output is None
        if tokens_output is None and done.unit_kind == "words" and done.units is not None:
            tokens_output = tokens_of(done.units, model)
        if tokens_output is None:
            charged = min(by_unit_price(config, done, held), MAX_CREDITS)
            return Usage(tokens_input, None, is_estimated=True, credits=charged)
        if tokens_input is None:
            tokens_input = config.default_input
        charged = min(config.by_tokens(tokens_input + tokens_output, model), MAX_CREDITS)
        return Usage(tokens_input, tokens_output, silent, charged)

    def model_used(
        self, done: Done | OperationFailed, requested: str | None, quality: str | None
    ) -> Model | None:
        """The exact model, else the one asked for, else the default; None has no price (P16)."""
        if done.model_used is not None:
            return self.models.get(done.model_used)
        if requested is not None and requested in self.models:
            return self.models[requested]
        return self.default_text if quality is None else self._default("image", quality)


def expected_tokens(config: Config, estimate: Estimate, model: Model | None) -> tuple[int, int]:
    """P7: in and out, as given, else by words, else the defaults of the operation."""
    tokens_input, tokens_output = estimate.tokens_input, estimate.tokens_output
    if tokens_input is None:
        tokens_input = config.default_input
    if tokens_output is None:
        words = estimate.words
        tokens_output = config.default_output if words is None else tokens_of(words, model)
    return tokens_input, tokens_output


def by_unit_price(config: Config, done: Done, held: int) -> int:
    """The last column of `domain.md` 8.2; with nothing to count, the hold's estimate (P16)."""
    if config.mode == "tokens" and not config.credits_per_unit:
        return held or config.min_credits  # Units that have no price are never free.
    if config.unit == "request":
        return config.by_units(requests_of(config, done))
    count = units_of(done)
    if config.unit == "words":
        count = done.units if done.unit_kind == "words" else None
    if count is None:
        return held or config.min_credits or config.by_units(1)
    return config.by_units(count)


def requests_of(config: Config, done: Done) -> int:
    """What is priced by request counts its units as it estimated them, unless they are others."""
    counts = config.mode == "fixed" and done.unit_kind in (None, "request", "requests")
    return done.units if counts and done.units is not None else done.requests


def units_of(done: Done) -> int | None:
    """How many were made, where anybody says it."""
    return done.items.count if done.units is None and done.items is not None else done.units


def tokens_of(words: int, model: Model | None) -> int:
    """P6: so many tokens a word, rounded up."""
    tokens = model.tokens_a_word if model else DEFAULT_TOKENS_A_WORD
    return -(-words * tokens // THOUSANDTHS)


def half_up(numerator: int, denominator: int) -> int:
    """An exact quotient that is not negative, rounded to the nearest integer, a half upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def scaled(decimal: str, places: int) -> int:
    """A decimal of at most so many places as an exact integer: `scaled("0.100", 3)` is 100."""
    whole, _, fraction = decimal.partition(".")
    if len(fraction.rstrip("0")) > places:
        raise ValueError(f"{decimal} has more than {places} places")
    digits = int(fraction[:places].ljust(places, "0") or "0")
    size: int = int(whole.lstrip("-") or "0") * 10**places + digits
    return -size if whole.startswith("-") else size


def cost_text(units: int) -> str | None:
    """A cost as the contract writes it; one that no provider ever asks is not known."""
    return usd_text(units) if units < MAX_COST else None


def usd_text(units: int) -> str:
    """Exact units of 10^-8 USD as the contract writes them, `0.03250000`."""
    return f"{units // USD_UNITS}.{units % USD_UNITS:08d}"


DEFAULT_TOKENS_A_WORD = 1300
NOTHING_SAID = Estimate()
