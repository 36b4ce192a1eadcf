"""One operation told in the order of time: asked, decided, worked, charged, and who was told."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from deploy.why import reasons
from deploy.why.found import Found
from deploy.why.heard import Heard
from deploy.why.reasons import credits_of
from services.credits.book import Reservation
from services.credits.prices import PriceList
from shared.contracts.credits import CHARGED, OperationRequested, Transaction, UsageRow
from shared.contracts.errors import Error
from shared.contracts.moments import in_milliseconds
from shared.contracts.operating import AlertRaised
from shared.contracts.topics import DEAD_LETTERS
from shared.contracts.types import JsonObject

# Of one moment, in the order in which a batch does them.
RANKS = (
    "heard",
    "asked",
    "authorised",
    "refused",
    "answered",
    "extended",
    "ended",
    "used",
    "booked",
)
TOLD = len(RANKS)


class Step(NamedTuple):
    """Something that happened, in words, and with the numbers behind them."""

    at: str
    what: str
    words: str
    data: JsonObject
    where: str = ""  # Topic, partition and offset of a record.


def story_of(found: Found, heard: Sequence[Heard]) -> list[Step]:
    """What the rows say and what Kafka still holds, in one order."""
    steps = [*decision(found), *ending(found), *uses(found), *bookings(found.entries)]
    steps += [told(one) for one in heard]
    return sorted(steps, key=lambda step: (step.at, rank_of(step)))


def rank_of(step: Step) -> int:
    return RANKS.index(step.what) if step.what in RANKS else TOLD


def list_for(found: Found) -> PriceList:
    """The list that counted; a row without one was never priced."""
    version = found.operation.price_version
    return found.prices.at(version) if version else found.prices.latest


def decision(found: Found) -> Iterator[Step]:
    """What was asked, and what became of it at once."""
    operation = found.operation
    if operation.request is None or operation.requested_at is None:
        return
    request = msgspec.json.decode(operation.request, type=OperationRequested)
    at = in_milliseconds(operation.requested_at)
    yield Step(at, "asked", asked(request), msgspec.to_builtins(request))
    if operation.refusal is not None:
        error = msgspec.json.decode(operation.refusal, type=Error)
        yield Step(at, "refused", refused(error), msgspec.to_builtins(error))
    elif operation.answered_late:
        words = f"it was charged before: {credits_of(operation.charged)}, and nothing is held"
        yield Step(at, "answered", words, numbers_of(operation))
    else:
        yield Step(at, "authorised", authorised(found, request), numbers_of(operation))
        if operation.expires_at != operation.first_expiry:
            until = in_milliseconds(operation.expires_at)
            yield Step(at, "extended", f"later: until {until}", {"expires_at": until})


def asked(request: OperationRequested) -> str:
    """Who wanted what, for whom."""
    parts = [request.operation_type]
    parts += [f"with {request.model}"] if request.model else []
    parts += [f"by {request.user_id}"] if request.user_id else []
    parts += ["by automation"] if request.source == "automation" else []
    parts += [f"in run {request.run_id}"] if request.run_id else []
    parts += [f"stage {request.stage}"] if request.stage is not None else []
    parts += [f"for {request.related.type} {request.related.id}"] if request.related else []
    return ", ".join(parts)


def authorised(found: Found, request: OperationRequested) -> str:
    operation, prices = found.operation, list_for(found)
    config = prices.configs[request.operation_type]
    expected = reasons.estimate_of(prices, config, request)
    return (
        f"{credits_of(operation.estimated)} required ({reasons.list_of(prices, config)};"
        f" {expected});"
        f" {operation.held:,} held{reasons.margin_of(operation)}{out_of(operation)},"
        f" {operation.available_after:,} left available,"
        f" until {in_milliseconds(operation.first_expiry)}"
    )


def out_of(operation: Reservation) -> str:
    """What a run holds for its operations goes before free credits."""
    return ", out of what its run holds first" if operation.run_id else ""


def refused(error: Error) -> str:
    """The words that were answered, with what would have helped."""
    help_ = " ".join(suggestion.text for suggestion in error.suggestions)
    return f"{error.code}: {error.message} {help_}".rstrip()


def ending(found: Found) -> Iterator[Step]:
    """How the hold ended; a release that was followed by a charge is told by Kafka alone."""
    operation = found.operation
    if operation.closed_at is not None:
        at = in_milliseconds(operation.closed_at)
        yield Step(at, "ended", ended(found), numbers_of(operation))


def ended(found: Found) -> str:
    operation = found.operation
    if operation.state not in CHARGED:
        freed = f"; {credits_of(operation.held)} free again" if operation.held else ""
        return f"{operation.state}: {operation.close_reason or 'nobody says why'}{freed}"
    late = ", late" if operation.state == "committed_late" else ""
    plan = sum(-entry.plan_delta for entry in found.entries)
    bought = sum(-entry.purchased_delta for entry in found.entries)
    charged = f"charged {credits_of(operation.charged)}{late}"
    words = f"{charged}: {plan:,} of the plan, {bought:,} bought"
    back = operation.held - operation.charged
    if not late and back > 0:
        words += f"; {back:,} of the hold are free again"
    if operation.shortfall:
        words += f"; {operation.shortfall:,} more could not be charged"
    return words


def uses(found: Found) -> Iterator[Step]:
    """The rows of the usage log, each with the sum behind it."""
    for row in found.usage:
        why = "" if row.status == "failed" else f" ({explained(found, row)})"
        words = f"{row.status}: {reasons.use_of(row)}{why}"
        yield Step(row.created_at, "used", words, msgspec.to_builtins(row))


def explained(found: Found, row: UsageRow) -> str:
    return reasons.price_of(found.prices.at(row.price_version), found.operation, row)


def bookings(entries: Sequence[Transaction]) -> Iterator[Step]:
    for entry in entries:
        words = (
            f"entry {entry.seq:,} of the ledger: {entry.amount:+,} credits,"
            f" balance {entry.balance_after:,}"
        )
        yield Step(entry.created_at, "booked", words, msgspec.to_builtins(entry))


def told(one: Heard) -> Step:
    """A record, by what it is: heard from others, answered to the asker, or told to everybody."""
    if not one.is_ours:
        is_dead = one.topic.endswith(DEAD_LETTERS)
        return Step(one.at, "set aside" if is_dead else "heard", one.kind, one.said, one.where)
    if one.kind.endswith(".replied"):
        status = one.said.get("status", "")
        again = ", again" if one.said.get("replayed") else ""
        return Step(one.at, "replied", f"{one.kind}: {status}{again}", one.said, one.where)
    about = f": {one.said.get('kind')}" if one.kind == AlertRaised.topic else ""
    return Step(one.at, "told", one.kind + about, one.said, one.where)


def numbers_of(operation: Reservation) -> JsonObject:
    """The row, as `operation.detail` tells it, and what it was decided by."""
    return {
        "state": operation.state,
        "estimated": operation.estimated,
        "held": operation.held,
        "charged": operation.charged,
        "shortfall": operation.shortfall,
        "available_after": operation.available_after,
        "price_version": operation.price_version,
        "reservation_id": operation.reservation_id,
        "expires_at": in_milliseconds(operation.expires_at),
        "closed_at": moment(operation.closed_at),
        "close_reason": operation.close_reason,
    }


def moment(at: datetime | None) -> str | None:
    return None if at is None else in_milliseconds(at)
