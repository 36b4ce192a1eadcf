"""Work that is done is charged, once, in whatever state its operation is (P9, P11, P12, P16)."""

from datetime import timedelta

from services.credits import alerts, outcomes, usage
from services.credits.book import Account, Book, Buckets, Change, Reference, Reservation
from services.credits.domain.requests import Asked
from services.credits.outcomes import Charge, Unpriced
from services.credits.prices import Config, Model, PriceList, Usage, usd_text
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
    if late:
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
    model, priced = models_of(prices, work, report, config)
    used = prices.used(config, report, priced, 0 if late else work.estimated)
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
    if freed or entry is not None:
        account.version += 1
    close(book, work, "committed_late" if late else "committed")
    return Charge(
        entry,
        deltas,
        max(0, freed - work.charged),
        late,
        used,
        cost_of(prices, config, model, report, used),
        config,
        book.asked_of(work),
        prices.image_lines(config, report, priced),
    )


def models_of(
    prices: PriceList, work: Reservation, report: OperationCompleted, config: Config
) -> tuple[Model | None, Model | None]:
    """The model whose USD count, and the one whose multiplier counts (P16: not always the same)."""
    quality = report.images[0].quality if config.mode == "image" and report.images else None
    used = prices.model_used(report, work.model, quality)
    if used is not None:
        named = report.model_used is not None or work.model is not None
        return used, used if named or config.mode != "image" else None
    requested = prices.models.get(work.model) if work.model else None
    return None, requested


def cost_of(
    prices: PriceList, config: Config, model: Model | None, report: OperationCompleted, used: Usage
) -> outcomes.Cost:
    """P1, a line for each image quality; None where the model has no price."""
    tokens = used.tokens_input or 0, used.tokens_output or 0
    if config.mode != "image" or not report.images:
        units = None if model is None else model.usd(*tokens, 0, report.requests)
        return outcomes.Cost(model, (units if units is None else usd_text(units),))
    costs: list[str | None] = []
    for index, image in enumerate(report.images):
        one = model
        if report.model_used is None:
            one = prices.model_used(report, None, image.quality) or model
        first = index == 0
        requests = report.requests if first else 0
        spent = tokens if first else (0, 0)
        costs.append(None if one is None else usd_text(one.usd(*spent, image.count, requests)))
    return outcomes.Cost(model, tuple(costs))


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
    if None in done.cost.usd:
        model = report.model_used or work.model or "unknown"
        book.alerts.append(alerts.price_missing(book, account, work, model))
