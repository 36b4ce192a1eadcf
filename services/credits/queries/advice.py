"""What would save credits or dollars: formulas on the use of 30 days, as `docs/rules.md` says."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

from services.credits.book import Account, Book
from services.credits.prices import Model, PriceList, usd_text
from services.credits.queries.sums import Sums, added
from shared.contracts.credits.answers import Tip, TipKind
from shared.contracts.types import Json

Priority: TypeAlias = Literal["high", "medium", "low"]

# Percent of all credits or dollars that a saving is, and below the last of them nothing is said.
WORTH: Sequence[tuple[int, Priority]] = ((25, "high"), (10, "medium"), (5, "low"))
FAILING: Sequence[tuple[int, Priority]] = ((20, "high"), (10, "medium"), (5, "low"))
OVER_PLAN: Sequence[tuple[int, Priority]] = ((150, "high"), (100, "medium"), (90, "low"))
ENOUGH_ACTIONS = 10  # To compare by.
ENOUGH_FAILURES = 5
LONG = 2  # Times the input that an operation is usually given.
ORDER: Sequence[Priority] = ("high", "medium", "low")


class Use(NamedTuple):
    """What was used of one kind."""

    operation_type: str
    model: str | None
    provider: str | None
    image_quality: str | None
    has_failed: bool
    sums: Sums


class Saving(NamedTuple):
    """So many credits, and so many units of 10^-8 USD."""

    credits: int
    cost: int


class Scene(NamedTuple):
    """What all tips look at: the use of an account, what it came to, and prices of today."""

    uses: Sequence[Use]
    total: Sums
    prices: PriceList

    def done(self) -> Iterator[tuple[str, list[Use]]]:
        """Use that did not fail, by operation."""
        done = [use for use in self.uses if not use.has_failed]
        for name, uses in groupby(done, key=attrgetter("operation_type")):
            yield name, list(uses)

    def worth(self, saving: Saving) -> Priority | None:
        """Judged by the larger share, of the credits or of the dollars."""
        of_credits = percent(saving.credits, self.total.credits)
        return priority(max(of_credits, percent(saving.cost, self.total.cost)), WORTH)


def advice(book: Book, account: Account, uses: Sequence[Use]) -> list[Tip]:
    """The most important first."""
    scene = Scene(uses, came_to(uses), book.catalogue.prices.latest)
    found = [
        *cheaper_models(scene),
        *costly_providers(scene),
        *long_requests(scene),
        *failed_calls(scene),
        *image_quality(scene),
        *upgrade_plan(book, account, scene.total),
    ]
    return sorted(found, key=lambda tip: ORDER.index(tip.priority))


def cheaper_models(scene: Scene) -> Iterator[Tip]:
    """The same tokens with the model of the list that asks least for them."""
    offered = [m for m in scene.prices.models.values() if m.kind == "text" and m.is_active]
    for name, uses in scene.done():
        config = scene.prices.configs.get(name)
        for use in uses:
            model = scene.prices.models.get(use.model or "")
            if config is None or config.mode != "tokens" or model is None or not offered:
                continue
            best = min(offered, key=lambda one: one.usd(*tokens(use), 0, 0))
            saving = saved_by(best, model, use.sums)
            data = {"operation_type": name, "model": model.name, "instead": best.name}
            yield from told(scene, "cheaper_model", saving, data | {"actions": use.sums.actions})


def tokens(use: Use) -> tuple[int, int]:
    return use.sums.tokens_input, use.sums.tokens_output


def saved_by(best: Model, model: Model, sums: Sums) -> Saving:
    """Credits go with the multipliers, dollars with the prices of tokens."""
    credits = sums.credits - -(-sums.credits * best.multiplier // max(model.multiplier, 1))
    cost = sums.cost - best.usd(sums.tokens_input, sums.tokens_output, 0, 0)
    return Saving(max(credits, 0), max(cost, 0))


def costly_providers(scene: Scene) -> Iterator[Tip]:
    """The same operation by the provider that took least for it."""
    for name, uses in scene.done():
        each = {
            provider: came_to(use for use in uses if use.provider == provider)
            for provider in sorted({use.provider for use in uses if use.provider})
        }
        known = [(p, sums) for p, sums in each.items() if sums.actions >= ENOUGH_ACTIONS]
        if len(known) < 2 or all(use.image_quality for use in uses):
            continue
        by_cost = sorted(known, key=lambda pair: Fraction(pair[1].cost, pair[1].actions))
        (cheap, least), (dear, most) = by_cost[0], by_cost[-1]
        saving = Saving(0, most.cost - least.cost * most.actions // least.actions)
        data = {"operation_type": name, "provider": dear, "instead": cheap}
        yield from told(scene, "costly_provider", saving, data | {"actions": most.actions})


def long_requests(scene: Scene) -> Iterator[Tip]:
    """Input above twice what the operation is usually given, at the credits of its tokens."""
    for name, uses in scene.done():
        config, sums = scene.prices.configs.get(name), came_to(uses)
        if config is None or config.mode != "tokens" or sums.actions < ENOUGH_ACTIONS:
            continue
        usual = config.default_input * sums.actions
        excess = sums.tokens_input - LONG * usual
        if usual and excess > 0:
            all_tokens = sums.tokens_input + sums.tokens_output
            saving = Saving(sums.credits * excess // all_tokens, 0)
            average = sums.tokens_input // sums.actions
            data = {"operation_type": name, "average_tokens_input": average}
            usual_input = {"usual_tokens_input": config.default_input}
            yield from told(scene, "long_requests", saving, data | usual_input)


def failed_calls(scene: Scene) -> Iterator[Tip]:
    """Work that failed is free for the account, not for who pays the provider."""
    for name, uses in groupby(scene.uses, key=attrgetter("operation_type")):
        every = list(uses)
        all_done, failed = came_to(every), came_to(use for use in every if use.has_failed)
        if failed.actions < ENOUGH_FAILURES:
            continue
        share = percent(failed.actions, all_done.actions)
        if rank := priority(share, FAILING):
            data = {"operation_type": name, "failures": failed.actions, "share_pct": share}
            yield tip("failed_calls", rank, Saving(0, failed.cost), data)


def image_quality(scene: Scene) -> Iterator[Tip]:
    """Half of the premium images in the next lower quality, where most images are premium."""
    images = [use for use in scene.uses if use.image_quality and not use.has_failed]
    made = came_to(images).items
    premium = came_to(use for use in images if use.image_quality == "premium").items
    models = {m.quality: m for m in scene.prices.models.values() if m.kind == "image"}
    if made < ENOUGH_ACTIONS or premium * 2 < made or not {"premium", "quality"} <= models.keys():
        return
    fewer, (dear, usual) = premium // 2, (models["premium"], models["quality"])
    credits = (dear.credits_per_image or 0) - (usual.credits_per_image or 0)
    saving = Saving(fewer * credits, fewer * max(dear.image_price - usual.image_price, 0))
    yield from told(scene, "image_quality", saving, {"images": made, "premium": premium})


def upgrade_plan(book: Book, account: Account, total: Sums) -> Iterator[Tip]:
    """More is used in 30 days than the plan gives in a month."""
    monthly, plan = book.credits_per_month(account), book.catalogue.next_plan(book.plan_of(account))
    if plan is None or not monthly:
        return
    if rank := priority(percent(total.credits, monthly), OVER_PLAN):
        data = {"plan_code": plan.plan_code, "included_credits": plan.included_credits}
        used = {"used": total.credits, "plan_credits_per_month": monthly}
        yield tip("upgrade_plan", rank, Saving(0, 0), data | used)


def told(scene: Scene, kind: TipKind, saving: Saving, data: dict[str, Json]) -> Iterator[Tip]:
    """Only what is worth it."""
    if rank := scene.worth(saving):
        yield tip(kind, rank, saving, data)


def tip(kind: TipKind, rank: Priority, saving: Saving, data: dict[str, Json]) -> Tip:
    return Tip(
        kind=kind,
        priority=rank,
        data=data,
        saving_credits=saving.credits or None,
        saving_usd=usd_text(saving.cost) if saving.cost else None,
    )


def came_to(uses: Iterable[Use]) -> Sums:
    return added(use.sums for use in uses)


def percent(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0


def priority(share: int, marks: Sequence[tuple[int, Priority]]) -> Priority | None:
    return next((rank for mark, rank in marks if share >= mark), None)
