"""From what the rules really said to the words in which it is compared."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from functools import singledispatch

from services.credits.domain import Unpriced
from shared.contracts.credits import (
    BalanceChanged,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    ExtensionReplied,
    OperationReplied,
    ShortfallRecorded,
    UsageRecorded,
)
from shared.contracts.credits.facts import Fact as AnyFact
from shared.contracts.errors import Error
from shared.contracts.message import Message
from shared.contracts.operating import AlertRaised
from tests.credits.rules.seen import Answer, Dead, Fact, Seen, State, Used, Warned


def seen(said: Iterable[Message | Unpriced]) -> list[Seen]:
    """What customers are warned of is held against a history of its own (`test_thresholds`)."""
    return [in_short(message) for message in said if not is_for_the_customer(message)]


def is_for_the_customer(said: object) -> bool:
    return isinstance(said, AlertRaised) and said.audience == "customer"


@singledispatch
def in_short(said: object) -> Seen:
    raise TypeError(f"nobody expected {said!r}")


@in_short.register
def _(said: Unpriced) -> Seen:
    return Dead(said.operation_type)


@in_short.register
def _(said: OperationReplied) -> Seen:
    if said.error is not None:
        return refusal(said.id, said.error, replayed=said.replayed)
    assert said.data is not None
    return Answer(
        said.id,
        replayed=said.replayed,
        state=said.data.state,
        required=said.data.estimated,
        held=said.data.held,
        available=said.data.available_after,
        charged=said.data.charged,
        until=datetime.fromisoformat(said.data.expires_at),
        prices=said.data.price_version,
    )


@in_short.register
def _(said: ExtensionReplied) -> Seen:
    if said.error is not None:
        return refusal(said.id, said.error, replayed=said.replayed)
    assert said.data is not None
    until = datetime.fromisoformat(said.data.expires_at)
    return Answer(said.id, replayed=said.replayed, until=until)


def refusal(about: str, error: Error, *, replayed: bool) -> Answer:
    return Answer(
        about,
        error.code,
        replayed,
        state=error.state,
        required=error.required,
        held=error.held,
        available=error.available,
        shortfall=error.shortfall,
    )


def fact(said: AnyFact, moved: int) -> Fact:
    return Fact(
        said.topic,
        said.subject,
        moved,
        said.seq,
        said.version,
        said.balance_after,
        said.available_after,
    )


@in_short.register
def _(said: CreditsReserved) -> Seen:
    about = said.operation_id or ""
    return fact(said, said.held)._replace(about=about, rest=said.estimated)


@in_short.register
def _(said: CreditsCommitted) -> Seen:
    return fact(said, said.charged)._replace(
        rest=said.released,
        shortfall=said.shortfall,
        late=said.late,
        deltas=(said.plan_delta, said.purchased_delta),
    )


@in_short.register
def _(said: ShortfallRecorded) -> Seen:
    return fact(said, said.charged)._replace(shortfall=said.shortfall, late=said.late)


@in_short.register
def _(said: CreditsReleased) -> Seen:
    return fact(said, said.released)


@in_short.register
def _(said: CreditsExpired) -> Seen:
    return fact(said, said.released)


@in_short.register
def _(said: CreditsGranted) -> Seen:
    return fact(said, said.granted)


@in_short.register
def _(said: UsageRecorded) -> Seen:
    return Used(
        said.operation_id,
        said.operation_type,
        said.status,
        said.credits_used,
        said.shortfall,
        None if said.cost_usd is None else Fraction(said.cost_usd),
        said.model_used,
        (said.tokens_input, said.tokens_output),
        said.estimated_tokens,
        said.image_quality,
        said.items_created,
        said.price_version,
    )


@in_short.register
def _(said: AlertRaised) -> Seen:
    return Warned(said.kind, said.severity, said.about)


@in_short.register
def _(said: BalanceChanged) -> Seen:
    return State(
        said.account_id,
        (said.plan_bucket, said.purchased_bucket),
        said.held,
        said.available,
        said.plan_code,
        said.plan_credits_per_month,
        said.used_this_month,
        said.window,
        said.status,
        said.seq,
        said.version,
    )
