"""Work that is done is charged, once, in whatever state its operation is (P9, P11, P12, P16)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from services.credits import alerts, outcomes, usage
from services.credits.book import Account, Book, Buckets, Change, Reference, Reservation, Run
from services.credits.domain.thresholds import level_of, tell_the_customer
from services.credits.outcomes import Charge, Cost, Unpriced
from services.credits.prices import (
    USUAL_QUALITY,
    Config,
    Model,
    PriceList,
    Usage,
    cost_text,
    units_of,
)
from shared.asked import Asked
from shared.contracts.credits import CHARGED, OperationCompleted, State
from shared.contracts.message import Message
from shared.contracts.types import Quality

A_DAY = timedelta(hours=24)


class Grounds(NamedTuple):
    """On what an operation is charged: its own hold, that of its run, or neither."""

    was: str  # Its state before, or `unheard`.
    run: Run | None  # That is open, and may be drawn on.
    is_by_the_run: bool  # Nobody asked for it, and the run holds what its operations need.

    @property
    def is_late(self) -> bool:
        return self.was != "held" and not self.is_by_the_run


def charge(book: Book, report: OperationCompleted, _: Asked) -> list[Message | Unpriced]:
    """Take what the work cost; what nobody can price is a dead letter, for there is no guess."""
    known = book.operations.get((report.account_id, report.operation_id))
    if known is not None and known.state in CHARGED:
        return []
    operation_type = chargeable(known, report, book.catalogue.prices.latest)
    if operation_type is None:
        return [Unpriced(report.operation_type)]
    return [*take(book, report, operation_type)]


def take(book: Book, report: OperationCompleted, operation_type: str) -> list[Message]:
    """Charge work that was not charged before, by the prices that were promised for it."""
    account = book.accounts[report.account_id]
    known = book.operations.get((report.account_id, report.operation_id))
    work = known or book.hear_of(account, report.operation_id, "released")
    if work.request is None:
        work.run_id = report.run_id
    run = book.open_run(account.account_id, work.run_id)
    grounds = Grounds(known.state if known else "unheard", run, run is not None and known is None)
    work.operation_type = operation_type
    if not work.had_a_hold:
        work.price_version = book.catalogue.prices.latest.version  # P11
        if run is not None and grounds.is_by_the_run:
            promised_by(run, book, work, report)
            report = vouched_for(run, report)
    before = level_of(book, account)
    done = settle(book, account, work, report, grounds)
    rows = usage.charged(book, account, work, report, done)
    if run is not None:
        items = sum(row.items_created for row in rows)
        run.count(done.said.stage, work.charged, work.shortfall, items)
    warn(book, account, work, report, done)
    tell_the_customer(book, account, before)
    return [*outcomes.committed(book, account, work, done), *rows]


def promised_by(run: Run, book: Book, work: Reservation, report: OperationCompleted) -> None:
    """What its run was approved with counts for an operation that nobody asked for by itself."""
    if work.operation_type in book.catalogue.prices.at(run.price_version).configs:
        work.price_version = run.price_version
    stage = run.stage(report.stage)
    if stage is not None and stage.operation_type == work.operation_type:
        work.model, work.estimated = stage.model, stage.estimated_each


def vouched_for(run: Run, report: OperationCompleted) -> OperationCompleted:
    """Work of a run, also where its report does not say so: as a stage would have reported it."""
    return replace(
        report,
        source=report.source or "automation",
        site_id=report.site_id or run.said.site_id,
        user_id=report.user_id or run.said.user_id,
    )


def chargeable(
    known: Reservation | None, report: OperationCompleted, latest: PriceList
) -> str | None:
    """The requested type counts, the reported one only where that has no price (P16)."""
    asked = known.operation_type if known is not None else None
    return next((name for name in (asked, report.operation_type) if name in latest.configs), None)


def settle(
    book: Book,
    account: Account,
    work: Reservation,
    report: OperationCompleted,
    grounds: Grounds,
) -> Charge:
    """Take the cost as far as there are credits; the rest is shortfall (P9)."""
    prices = book.catalogue.prices.at(work.price_version)
    config = prices.configs[work.operation_type or ""]
    priced = model_priced(prices, work.model, report.model_used, config)
    was_promised = work.had_a_hold or grounds.is_by_the_run
    used = prices.used(config, report, priced, work.estimated if was_promised else 0)
    freed, late = work.open_hold, grounds.is_late
    account.held -= freed
    work.charged = draw(account, grounds, used.credits)
    work.shortfall = used.credits - work.charged
    deltas = spend(account, work.charged)
    about = Reference("operation", work.subject_id, config.display_name)
    entry = book.enter(account, "deduction", deltas, about)
    if entry is not None:
        work.charge_seq = account.seq
        book.charge(account, work.charged)
    if entry is not None or grounds.was == "held":
        account.version += 1
    close(book, work, "committed_late" if late else "committed")
    return Charge(
        entry,
        deltas,
        max(0, freed - work.charged),
        late,
        used,
        costs_of(prices, config, work, report, used),
        config,
        book.asked_of(work) or report,
        prices.image_lines(config, report, priced),
    )


def draw(account: Account, grounds: Grounds, cost: int) -> int:
    """Take what its own hold has left free, and what its run holds; say how much there was.

    The run's hold comes first for what it alone has authorised, and last for all else: so no
    operation of a run is short of credits that the run still has.
    """
    free, run = account.available, grounds.run
    if run is None:
        return min(cost, free)
    taken = min(cost, free + run.remaining)
    from_run = min(taken, run.remaining) if grounds.is_by_the_run else max(0, taken - free)
    run.remaining -= from_run
    account.held -= from_run
    return taken


def model_priced(
    prices: PriceList, asked: str | None, used: str | None, config: Config
) -> Model | None:
    """Whose multiplier or image price counts: for an unknown model, the one asked for (P16)."""
    named = prices.models.get(used or "") or prices.models.get(asked or "")
    if named is not None or used is not None or config.mode == "image":
        return named
    return prices.default_text


def costs_of(
    prices: PriceList, config: Config, work: Reservation, report: OperationCompleted, used: Usage
) -> Sequence[Cost]:
    """P1, a line for each image quality; without a price where nobody knows the model."""
    tokens = used.tokens_input or 0, used.tokens_output or 0
    if config.mode != "image":
        return [cost_of(prices.model_used(report, work.model, None), tokens, 0, report.requests)]
    costs = list[Cost]()
    for quality, count in delivered(report):
        model = prices.model_used(report, work.model, quality)
        first = not costs
        requests = report.requests if first else 0
        costs.append(cost_of(model, tokens if first else (0, 0), count, requests))
    return costs


def delivered(report: OperationCompleted) -> list[tuple[str, int]]:
    """How many images of which quality; those of which nobody says it count as the usual one."""
    if report.images:
        return [(image.quality, image.count) for image in report.images]
    return [(USUAL_QUALITY, 0 if report.images is not None else units_of(report) or 0)]


def cost_of(model: Model | None, tokens: tuple[int, int], images: int, requests: int) -> Cost:
    return Cost(model, None if model is None else cost_text(model.usd(*tokens, images, requests)))


def spend(account: Account, charged: int) -> Buckets:
    """The plan bucket first, then the purchased one (P12)."""
    from_plan = min(charged, account.plan_bucket)
    return Buckets(-from_plan, from_plan - charged)


def close(book: Book, work: Reservation, state: State) -> None:
    work.state, work.closed_at, work.close_reason = state, book.now, "completed"
    # What was charged late has another price, and perhaps another type, than the row said.
    work.touch(Change.CLOSED if state == "committed" else Change.REWRITTEN)


def was_refused(book: Book, work: Reservation) -> bool:
    """By itself, or with its whole run; what was authorised by itself needs no run."""
    run = book.runs.get((work.account_id, work.run_id)) if work.run_id else None
    is_of_refused_run = run is not None and run.refusal is not None
    return work.refusal is not None or (is_of_refused_run and not work.had_a_hold)


def warn(
    book: Book,
    account: Account,
    work: Reservation,
    report: OperationCompleted,
    done: Charge,
) -> None:
    """Tell operators of what should not happen: work short of credits, refused, without a price."""
    if work.shortfall:
        standing = book.standing_of(account)
        earlier = standing.earlier_shortfall_at
        third = earlier is not None and book.now - earlier <= A_DAY
        standing.earlier_shortfall_at = standing.last_shortfall_at
        standing.last_shortfall_at = book.now
        book.alerts.append(alerts.shortfall(book, account, work, is_third=third))
    if was_refused(book, work):
        book.alerts.append(alerts.unauthorised(book, account, work))
    if quality := without_a_tier(book, work, report, done.config):
        book.alerts.append(alerts.tier_missing(book, account, work, quality))
    elif any(cost.usd is None for cost in done.costs):
        model = report.model_used or work.model or "unknown"
        book.alerts.append(alerts.price_missing(book, account, work, model))


def without_a_tier(
    book: Book, work: Reservation, report: OperationCompleted, config: Config
) -> Quality | None:
    """A quality of delivered images that is in no price list."""
    if config.mode != "image" or not report.images:
        return None
    prices = book.catalogue.prices.at(work.price_version)
    model = model_priced(prices, work.model, report.model_used, config)
    return next((x.quality for x in report.images if prices.tier(x.quality, model) is None), None)
