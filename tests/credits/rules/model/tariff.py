"""What work costs by `domain.md` 8, read a second time: in fractions, from tables of our own."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from shared.contracts.credits import Done, Estimate, ImageCount

Tokens: TypeAlias = tuple[int | None, int | None]
WRITER, WORDS = "gpt-5.1", Fraction("1.3")


class Rate(NamedTuple):
    """A row of 8.2: tokens a credit, minimum, usual tokens in and out, credits for units."""

    mode: str
    per: int
    least: int
    usual: tuple[int, int]
    price: int
    size: int
    unit: str
    is_on: bool = True


class Engine(NamedTuple):
    """A model: USD for 1,000 tokens in and out or for an image, its weight, tokens a word."""

    dollars_in: Fraction
    dollars_out: Fraction
    image: Fraction = Fraction(0)
    makes: str = ""  # Images of this quality, where nobody names a model.
    weight: Fraction = Fraction(1)
    words: Fraction = WORDS
    is_on: bool = True


class Line(NamedTuple):
    """A row of the usage log: all of an operation, or its images of one quality."""

    credits: int
    dollars: Fraction | None
    model: str | None
    quality: str | None
    items: int


class Bill(NamedTuple):
    """What an operation cost, and how that was found."""

    credits: int
    tokens: Tokens
    is_estimated: bool
    lines: Sequence[Line]


class Tariff(NamedTuple):
    """All prices of one version."""

    rates: Mapping[str, Rate]
    engines: Mapping[str, Engine]

    def needed(self, kind: str, estimate: Estimate, model: str | None) -> int:
        """P7, and P2 to P4 on the estimate."""
        rate, engine = self.rates[kind], self.engines[model or WRITER]
        if rate.mode == "image":
            return sum(self.priced(image, model) for image in estimate.images or ())
        if rate.mode == "fixed":
            return by_units(rate, 1 if estimate.units is None else estimate.units)
        if estimate.tokens_input is not None and estimate.tokens_output is not None:
            return weighed(rate, estimate.tokens_input + estimate.tokens_output, engine)
        told = estimate.words is not None
        out = math.ceil((estimate.words or 0) * engine.words) if told else rate.usual[1]
        return weighed(rate, rate.usual[0] + out, engine)

    def bill(self, kind: str, done: Done, asked: str | None, estimate: int) -> Bill:
        """P2 to P6 and P16 on what was done; `estimate` is that of its hold, if it had one."""
        rate, known = self.rates[kind], self.known(done.model_used, asked)
        engine = self.engines.get(known or ("" if done.model_used else WRITER))
        tokens: Tokens = done.tokens_input, done.tokens_output
        silent = rate.mode == "tokens" and None in tokens
        if silent:
            tokens = heard(rate, done, engine)
        if rate.mode == "image" and done.images is not None:
            cost = sum(self.priced(image, known) for image in done.images)
        elif rate.mode == "tokens" and tokens[1] is not None:
            cost = weighed(rate, (tokens[0] or 0) + tokens[1], engine)
        else:
            cost = by_the_unit(rate, done, estimate)
        return Bill(cost, tokens, silent, self.lines(rate, done, tokens, asked, cost))

    def lines(
        self, rate: Rate, done: Done, tokens: Tokens, asked: str | None, cost: int
    ) -> list[Line]:
        """P1, P16: a line a quality, each by its own model; the first bears the tokens."""
        if rate.mode != "image" or not done.images:
            uncounted = rate.mode == "image" and done.images is None
            model = done.model_used or self.known(asked) or usual_model(rate)
            dollars = self.dollars(model, tokens, made(done) or 0 if uncounted else 0)
            return [Line(cost, dollars, model, None, done.items.count if done.items else 0)]
        lines = list[Line]()
        for image in done.images:
            quality, count = image.quality, image.count
            price = self.priced(image, self.known(done.model_used, asked))
            maker = next(name for name, engine in self.engines.items() if engine.makes == quality)
            model = done.model_used or self.known(asked) or maker
            dollars = self.dollars(model, (0, 0) if lines else tokens, count)
            lines.append(Line(price, dollars, model, quality, count))
        return lines

    def known(self, *models: str | None) -> str | None:
        return next((model for model in models if model in self.engines), None)

    def priced(self, image: ImageCount, model: str | None) -> int:
        """P3: a model's own price wins over the tier's."""
        own = self.engines[model].makes if model else ""
        return image.count * TIERS[own or image.quality]

    def dollars(self, model: str, tokens: Tokens, images: int) -> Fraction | None:
        """P1, half up at eight places."""
        if (engine := self.engines.get(model)) is None:
            return None
        exact = (tokens[0] or 0) * engine.dollars_in + (tokens[1] or 0) * engine.dollars_out
        cost = exact / 1000 + images * engine.image
        return Fraction(math.floor(cost * 10**8 + Fraction(1, 2)), 10**8)


def heard(rate: Rate, done: Done, engine: Engine | None) -> Tokens:
    """P6: what a silent provider's tokens are taken for."""
    out = done.tokens_output
    if out is None and done.unit_kind == "words" and done.units is not None:
        out = math.ceil(done.units * (engine.words if engine else WORDS))
    given = done.tokens_input
    return (rate.usual[0] if given is None and out is not None else given), out


def by_the_unit(rate: Rate, done: Done, estimate: int) -> int:
    """The last column of 8.2; what cannot be counted costs what it was thought to cost."""
    count = asked(rate, done) if rate.unit == "request" else made(done)
    if count is None or rate.unit == "words":
        return estimate or rate.least or by_units(rate, 1)
    return by_units(rate, count)


def asked(rate: Rate, done: Done) -> int:
    """A fixed price counts what was estimated in units, where these are no other things."""
    counts = rate.mode == "fixed" and done.unit_kind in (None, "request", "requests")
    return done.requests if done.units is None or not counts else done.units


def usual_model(rate: Rate) -> str:
    return "dall-e-3" if rate.mode == "image" else WRITER


def made(done: Done) -> int | None:
    return done.items.count if done.units is None and done.items else done.units


def by_units(rate: Rate, count: int) -> int:
    """P4."""
    return math.ceil(Fraction(count, rate.size)) * rate.price


def weighed(rate: Rate, tokens: int, engine: Engine | None) -> int:
    """P2."""
    return max(
        rate.least, math.ceil(tokens * (engine.weight if engine else 1) / Fraction(rate.per))
    )


TIERS = {"basic": 1, "quality": 5, "premium": 15}
NONE = Fraction(0)
FIRST = Tariff(
    {
        "clustering": Rate("tokens", 150, 2, (700, 800), 10, 1, "request"),
        "idea_generation": Rate("tokens", 200, 1, (1400, 1600), 15, 1, "request"),
        "content_generation": Rate("tokens", 100, 3, (2000, 3000), 1, 100, "words"),
        "image_prompt_extraction": Rate("tokens", 100, 1, (500, 1100), 2, 1, "request"),
        "content_linking": Rate("tokens", 300, 1, (1400, 1000), 8, 1, "request"),
        "optimization": Rate("tokens", 200, 1, (1200, 800), 1, 200, "words"),
        "image_generation": Rate("image", 1, 0, (0, 0), 5, 1, "image"),
        "site_structure": Rate("fixed", 1, 0, (0, 0), 50, 1, "request"),
        "site_page_generation": Rate("fixed", 1, 0, (0, 0), 20, 1, "page"),
    },
    {
        WRITER: Engine(Fraction("0.00125"), Fraction("0.01")),
        "gpt-4o": Engine(Fraction("0.0025"), Fraction("0.01"), is_on=False),
        "gpt-4o-mini": Engine(Fraction("0.00015"), Fraction("0.0006"), weight=Fraction(1, 10)),
        "runware:97@1": Engine(NONE, NONE, Fraction("0.012"), "basic"),
        "dall-e-3": Engine(NONE, NONE, Fraction("0.04"), "quality"),
        "google:4@2": Engine(NONE, NONE, Fraction("0.14"), "premium"),
    },
)
