"""What developers change: an account's credits by hand, and the price lists."""

from fractions import Fraction

from shared.contracts.credits import (
    AdjustmentRequested,
    CostConfigUpdateRequested,
    ModelPriceUpdateRequested,
)
from tests.credits.rules.model.purse import Entry, Purse, World
from tests.credits.rules.model.tariff import Engine, Rate, Tariff
from tests.credits.rules.seen import Answer, Audited, Repriced, Seen

PriceUpdate = CostConfigUpdateRequested | ModelPriceUpdateRequested


def adjusted(world: World, purse: Purse, said: AdjustmentRequested) -> list[Seen]:
    """Neither the bucket nor what is available goes below nothing."""
    about = said.adjustment_id
    if about in purse.adjusted:
        asked, first = purse.adjusted[about]
        again = first._replace(replayed=True)
        state = "made" if first.code == "ok" else "refused"
        return [again if asked == said else Answer(about, "conflict", state=state)]
    room = min(purse.bucket(said.bucket), purse.available())
    if -said.amount > room:
        no = Answer(about, "credits.insufficient", required=-said.amount, available=room)
        no = no._replace(held=sum(purse.holds()), shortfall=-said.amount - room)
        purse.adjusted[about] = said, no
        return [no]
    deltas = (said.amount, 0) if said.bucket == "plan" else (0, said.amount)
    purse.entries.append(Entry(*deltas, world.month))
    purse.version += 1
    yes = Answer(about, required=said.amount, available=purse.available())
    purse.adjusted[about] = said, yes
    fact = purse.fact("adjusted", about, said.amount)
    return [yes, fact, Audited(said.topic, "adjustment", about)]


def repriced(world: World, said: PriceUpdate) -> list[Seen]:
    """One version after the other: of the row, and of all prices."""
    about = said.subject
    known = row_of(world, said)
    version = 0 if known is None else world.row_versions.get(about, 1)
    after = applied(world.tariff, said)
    if version == said.expected_version + 1 and row_in(after, said) == known:
        return [Answer(about, replayed=True, prices=world.priced_at.get(about, 1), version=version)]
    if version != said.expected_version:
        state = "missing" if known is None else "active" if known.is_on else "inactive"
        return [Answer(about, "conflict", state=state, version=version)]
    world.row_versions[about] = version + 1
    world.tariffs[world.prices + 1] = after
    world.priced_at[about] = world.prices
    done = Answer(about, prices=world.prices, version=version + 1)
    kind = "cost.config" if isinstance(said, CostConfigUpdateRequested) else "model.price"
    news = Repriced(f"{about}:{version + 1}", world.prices)
    return [done, news, Audited(said.topic, kind, about)]


def row_of(world: World, said: PriceUpdate) -> Rate | Engine | None:
    return row_in(world.tariff, said)


def row_in(tariff: Tariff, said: PriceUpdate) -> Rate | Engine | None:
    rows = tariff.rates if isinstance(said, CostConfigUpdateRequested) else tariff.engines
    return rows.get(said.subject)


def applied(tariff: Tariff, said: PriceUpdate) -> Tariff:
    """The lists with another row."""
    if isinstance(said, CostConfigUpdateRequested):
        usual = said.default_tokens_input or 0, said.default_tokens_output or 0
        per, least = said.tokens_per_credit or 1, said.min_credits or 0
        price, size = said.credits_per_unit or 0, said.unit_size
        rate = Rate(said.mode, per, least, usual, price, size, said.unit, said.is_active)
        return tariff._replace(rates={**tariff.rates, said.operation_type: rate})
    engine = Engine(
        Fraction(said.cost_per_1k_input or 0),
        Fraction(said.cost_per_1k_output or 0),
        Fraction(said.cost_per_image or 0),
        said.image_quality or "",
        Fraction(said.credit_multiplier),
        Fraction(said.tokens_per_word),
        said.is_active,
    )
    return tariff._replace(engines={**tariff.engines, said.model: engine})
