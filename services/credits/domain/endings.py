"""Work that ends without a charge: failed, cancelled, or never reported on (P5, P16)."""

from dataclasses import dataclass

from services.credits import alerts, outcomes, usage
from services.credits.book import Account, Book, Change, Reservation
from services.credits.outcomes import Cost
from services.credits.prices import USUAL_QUALITY, cost_text
from shared.asked import Asked
from shared.contracts.credits import OperationCancelled, OperationFailed, State
from shared.contracts.message import Message


@dataclass(frozen=True, slots=True)
class HoldDue:
    """What the sweep says: the hold of this operation may have expired."""

    account_id: str
    operation_id: str

    @property
    def subject(self) -> str:
        return self.operation_id


def fail(book: Book, report: OperationFailed, _: Asked) -> list[Message]:
    """Free the hold of work that failed; it costs nothing, but what it cost us is kept."""
    work = ended_hold(book, report.account_id, report.operation_id)
    if work is None:
        return []
    account = book.accounts[report.account_id]
    freed = release(book, account, work, "released", report.reason_code)
    said = outcomes.released(book, account, work, freed, report.reason_code)
    cost = cost_of(book, work, report)
    if cost.usd is None:
        model = report.model_used or work.model or "unknown"
        book.alerts.append(alerts.price_missing(book, account, work, model))
    return [said, usage.failed(book, account, work, report, cost)]


def cost_of(book: Book, work: Reservation, report: OperationFailed) -> Cost:
    """P1 on the tokens of the failure; without a price where nobody knows the model."""
    prices = book.catalogue.prices.at(work.price_version)
    quality = USUAL_QUALITY if prices.configs[work.operation_type or ""].mode == "image" else None
    model = prices.model_used(report, work.model, quality)
    if model is None:
        return Cost(None, None)
    units = model.usd(report.tokens_input or 0, report.tokens_output or 0, 0, 0)
    return Cost(model, cost_text(units))


def cancel(book: Book, report: OperationCancelled, _: Asked) -> list[Message]:
    """Free the hold of work that was called off."""
    work = ended_hold(book, report.account_id, report.operation_id)
    if work is None:
        return []
    account = book.accounts[report.account_id]
    freed = release(book, account, work, "released", "cancelled")
    return [outcomes.released(book, account, work, freed, "cancelled")]


def ended_hold(book: Book, account_id: str, operation_id: str) -> Reservation | None:
    """The open hold that a report ends; one that nobody asked for yet is remembered (P16)."""
    known = book.operations.get((account_id, operation_id))
    if known is None:
        unheard = book.hear_of(book.accounts[account_id], operation_id, "released")
        unheard.closed_at, unheard.close_reason = book.now, "before_request"
        return None
    return known if known.state == "held" else None


def expire(book: Book, due: HoldDue, _: Asked) -> list[Message]:
    """Free a hold that nobody reported on in time, unless somebody just did."""
    work = book.operations[due.account_id, due.operation_id]
    if work.state != "held" or work.expires_at > book.now:
        return []
    account = book.accounts[due.account_id]
    freed = release(book, account, work, "expired", "expired")
    return [outcomes.expired(book, account, work, freed)]


def release(book: Book, account: Account, work: Reservation, state: State, reason: str) -> int:
    """Give back whatever is still held; say how much."""
    freed = work.open_hold
    account.held -= freed
    account.version += 1
    work.state, work.closed_at, work.close_reason = state, book.now, reason
    work.touch(Change.CLOSED)
    return freed
