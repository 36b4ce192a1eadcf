"""From what the rules really said to the words in which it is compared."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from functools import singledispatch

from services.credits.domain import Unpriced
from shared.contracts.credits import (
    BalanceChanged,
    CostConfigUpdated,
    CreditsAdjusted,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    ModelPriceUpdated,
    RunApproved,
    RunClosed,
    ShortfallRecorded,
    StageCharged,
    UsageRecorded,
)
from shared.contracts.credits.facts import Fact as AnyFact
from shared.contracts.message import Message, Reply
from shared.contracts.operating import AlertRaised, AuditRecorded
from tests.credits.rules.answers import answered
from tests.credits.rules.seen import (
    Approved,
    Audited,
    Closed,
    Dead,
    Fact,
    Repriced,
    Seen,
    StageBilled,
    State,
    Used,
    Warned,
)


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
def _(said: Reply) -> Seen:
    return answered(said)


@in_short.register
def _(said: CostConfigUpdated | ModelPriceUpdated) -> Seen:
    return Repriced(said.subject, said.price_version)


@in_short.register
def _(said: AuditRecorded) -> Seen:
    return Audited(said.action, said.object.type, said.object.id)


@in_short.register
def _(said: RunApproved) -> Seen:
    until = datetime.fromisoformat(said.expires_at)
    return Approved(said.run_id, said.estimated, said.held, until)


@in_short.register
def _(said: StageCharged) -> Seen:
    about = f"{said.run_id}:{said.stage}"
    return StageBilled(about, said.credits, said.operations, said.shortfall, said.run_remaining)


@in_short.register
def _(said: RunClosed) -> Seen:
    return Closed(
        said.run_id,
        said.state,
        said.reason,
        said.estimated,
        said.charged,
        said.released,
        said.shortfall,
        tuple(
            (s.stage, s.operation_type, s.state, s.estimated, s.charged, s.items)
            for s in said.stages
        ),
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
    about = said.operation_id or said.run_id or said.refund_id or said.dispute_id or ""
    return fact(said, said.held)._replace(about=about, rest=said.estimated)


@in_short.register
def _(said: CreditsCommitted) -> Seen:
    return fact(said, said.charged)._replace(
        rest=said.released,
        shortfall=said.shortfall,
        late=said.late,
        deltas=(said.plan_delta, said.purchased_delta),
        run=said.run_id,
        stage=said.stage,
    )


@in_short.register
def _(said: ShortfallRecorded) -> Seen:
    short = fact(said, said.charged)._replace(shortfall=said.shortfall, late=said.late)
    return short._replace(run=said.run_id)


@in_short.register
def _(said: CreditsReleased) -> Seen:
    return fact(said, said.released)._replace(reason=said.reason)


@in_short.register
def _(said: CreditsExpired) -> Seen:
    return fact(said, said.released)


@in_short.register
def _(said: CreditsGranted) -> Seen:
    return fact(said, said.granted)


@in_short.register
def _(said: CreditsRevoked) -> Seen:
    return fact(said, said.revoked)._replace(shortfall=said.unrecovered)


@in_short.register
def _(said: CreditsAdjusted) -> Seen:
    return fact(said, said.amount)


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
        said.run_id,
        said.stage,
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
