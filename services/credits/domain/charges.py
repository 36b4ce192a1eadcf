"""Work that is done is charged, once, in whatever state its operation is (P9, P11, P12, P16)."""

from collections.abc import Sequence
from datetime import timedelta

from services.credits import alerts, outcomes, usage
from services.credits.book import Account, Book, Buckets, Change, Reference, Reservation
from services.credits.domain.asked import Asked
from services.credits.outcomes import Charge, Cost, Unpriced
from services.credits.prices import (
    USUAL_QUALITY,
    Config,
    Model,
    PriceList,
    Usage,
    units_of,
    usd_text,
)
from shared.contracts.credits import CHARGED, OperationCompleted, State
from shared.contracts.message import Message

A_DAY = timedelta(hours=24)


def charge(book: Book, report: OperationCompleted, _: Asked) -> list[Message | Unpriced]:
    """Take what the work cost; what nobody can price is a dead letter, for there is no guess."""
    account = book.accounts[report.account_id]
    known = book.operations.get((report.account_id, report.operation_id))
    if known is not None and known.state in CHARGED:
        return []
    latest = book.catalogue.prices.latest
    operation_type = chargeable(known, report, latest)
    if operation_type is None:
        return [Unpriced(report.operation_type)]
    work = known or book.hear_of(account, report.operation_id, "released")
    was, late = work.state if known else "unheard", work.state != "held"
    work.operation_type = operation_type
    if not work.had_a_hold:
        work.price_version = latest.version  # P11
    prices = book.catalogue.prices.at(work.price_version)
    done = settle(book, account, work, report, prices, late=late)
    said: list[Message | Unpriced] = [*outcomes.committed(book, account, work, done)]
    said += usage.charged(book, account, work, report, done)
    warn(book, account, work, report, done, was)
    return said


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
    prices: PriceList,
    *,
    late: bool,
) -> Charge:
    """Take the cost from the hold, then from what is free; the rest is shortfall (P9)."""
    config = prices.configs[work.operation_type or ""]
    priced = model_priced(prices, work, report, config)
    used = prices.used(config, report, priced, work.estimated if work.had_a_hold else 0)
    freed = work.open_hold
    account.held -= freed
    work.charged = min(used.credits, account.available)
    work.shortfall = used.credits - work.charged
    deltas = spend(account, work.charged)
    about = Reference("operation", work.subject_id, config.display_name)
    entry = book.enter(account, "deduction", deltas, about)
    if entry is not None:
        work.charge_seq = account.seq
        book.charge(account, work.charged)
    if not late or entry is not None:
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


def model_priced(
    prices: PriceList, work: Reservation, report: OperationCompleted, config: Config
) -> Model | None:
    """Whose multiplier or image price counts: for an unknown model, the one asked for (P16)."""
    named = prices.models.get(report.model_used or "") or prices.models.get(work.model or "")
    if named is not None or report.model_used is not None or config.mode == "image":
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
    return Cost(model, None if model is None else usd_text(model.usd(*tokens, images, requests)))


def spend(account: Account, charged: int) -> Buckets:
    """The plan bucket first, then the purchased one (P12)."""
    from_plan = min(charged, account.plan_bucket)
    return Buckets(-from_plan, from_plan - charged)


def close(book: Book, work: Reservation, state: State) -> None:
    work.state, work.closed_at, work.close_reason = state, book.now, "completed"
    # What was charged late has another price, and perhaps another type, than the row said.
    work.touch(Change.CLOSED if state == "committed" else Change.REWRITTEN)


def warn(
    book: Book,
    account: Account,
    work: Reservation,
    report: OperationCompleted,
    done: Charge,
    was: str,
) -> None:
    """Tell operators of what should not happen: work short of credits, refused, without a price."""
    if work.shortfall:
        standing = book.standing_of(account)
        earlier = standing.earlier_shortfall_at
        third = earlier is not None and book.now - earlier <= A_DAY
        standing.earlier_shortfall_at = standing.last_shortfall_at
        standing.last_shortfall_at = book.now
        book.alerts.append(alerts.shortfall(book, account, work, is_third=third))
    if was == "refused":
        book.alerts.append(alerts.unauthorised(book, account, work))
    if any(cost.usd is None for cost in done.costs):
        model = report.model_used or work.model or "unknown"
        book.alerts.append(alerts.price_missing(book, account, work, model))
