"""The rows of the usage log: what an operation used, what it cost, and what it was for."""

from collections.abc import Sequence
from typing import NamedTuple

from services.credits.book import Account, Book, Reservation
from services.credits.outcomes import Charge, Cost
from services.credits.remembered import Remembered
from shared.contracts.credits import (
    OperationCompleted,
    OperationFailed,
    UsageRecorded,
)
from shared.contracts.types import Quality, Source


class Purpose(NamedTuple):
    """What an operation was for: the request says so, the report only where there was none."""

    site_id: str | None
    user_id: str | None
    source: Source
    run_id: str | None
    stage: int | None
    related_type: str | None
    related_id: str | None
    related_title: str | None


class Part(NamedTuple):
    """One row's part of an operation: all of it, or the images of one quality."""

    credits: int
    shortfall: int
    cost: Cost
    items: int
    item_kind: str | None
    quality: Quality | None


def purpose_of(said: Remembered | OperationCompleted, report: OperationCompleted | None) -> Purpose:
    related = (report.related if report else None) or said.related
    return Purpose(
        said.site_id,
        said.user_id,
        said.source or "manual",
        said.run_id,
        said.stage,
        related.type if related else None,
        related.id if related else None,
        related.title if related else None,
    )


def charged(
    book: Book, account: Account, work: Reservation, report: OperationCompleted, done: Charge
) -> Sequence[UsageRecorded]:
    """A row of an operation; images of two qualities are two rows of one operation."""
    purpose, usage = purpose_of(done.said, report), done.usage
    rows = []
    for index, part in enumerate(parts_of(work, report, done)):
        is_first, model = index == 0, part.cost.model
        row = UsageRecorded(
            usage_id=next(book.ids),
            account_id=account.account_id,
            operation_id=work.subject_id,
            operation_type=done.config.operation_type,
            label=done.config.display_name,
            details=report.details,
            credits_used=part.credits,
            cost_usd=part.cost.usd,
            provider=report.provider or (model.provider if model else None),
            model_used=report.model_used or (model.name if model else work.model),
            tokens_input=usage.tokens_input if is_first else None,
            tokens_output=usage.tokens_output if is_first else None,
            units=report.units if is_first else None,
            unit_kind=report.unit_kind,
            image_quality=part.quality,
            items_created=part.items,
            item_kind=part.item_kind,
            source=purpose.source,
            site_id=purpose.site_id,
            user_id=purpose.user_id,
            run_id=purpose.run_id,
            stage=purpose.stage,
            related_type=purpose.related_type,
            related_id=purpose.related_id,
            related_title=purpose.related_title,
            status="late" if done.late else "success",
            estimated_tokens=usage.is_estimated,
            shortfall=part.shortfall,
            price_version=work.price_version,
            response_time_ms=report.response_time_ms,
            created_at=book.at,
        )
        rows.append(book.log(account, row))
    return rows


def parts_of(work: Reservation, report: OperationCompleted, done: Charge) -> Sequence[Part]:
    """Share what was charged out to the qualities, in order; sums stay what they are (P10)."""
    if done.config.mode != "image" or not report.images:
        made = report.items
        count, kind = (made.count, made.kind) if made else (0, None)
        return [Part(work.charged, work.shortfall, done.costs[0], count, kind, None)]
    left, parts = work.charged, list[Part]()
    for image, price, cost in zip(report.images, done.image_credits, done.costs, strict=True):
        paid = min(left, price)
        left -= paid
        parts.append(Part(paid, price - paid, cost, image.count, "image", image.quality))
    return parts


def failed(
    book: Book, account: Account, work: Reservation, report: OperationFailed, cost: Cost
) -> UsageRecorded:
    """A failure costs the account nothing; what the provider took for it is ours."""
    config = book.catalogue.prices.at(work.price_version).configs[work.operation_type or ""]
    asked, model = book.asked_of(work), cost.model
    assert asked is not None, "only what was requested holds anything"
    row = UsageRecorded(
        usage_id=next(book.ids),
        account_id=account.account_id,
        operation_id=work.subject_id,
        operation_type=config.operation_type,
        label=config.display_name,
        details=report.message[:200] if report.message else None,
        credits_used=0,
        cost_usd=cost.usd,
        provider=report.provider or (model.provider if model else None),
        model_used=report.model_used or (model.name if model else work.model),
        tokens_input=report.tokens_input,
        tokens_output=report.tokens_output,
        items_created=0,
        **purpose_of(asked, None)._asdict(),
        status="failed",
        estimated_tokens=False,
        shortfall=0,
        price_version=work.price_version,
        response_time_ms=report.response_time_ms,
        created_at=book.at,
    )
    return book.log(account, row)
