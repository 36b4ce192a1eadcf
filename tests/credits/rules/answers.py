"""From a reply to the words in which it is compared."""

from collections.abc import Sequence
from datetime import datetime
from functools import singledispatch

from shared.contracts.credits import (
    AdjustmentReplied,
    CostConfigUpdateReplied,
    ExtensionReplied,
    FreezeReplied,
    ModelPriceUpdateReplied,
    OperationReplied,
    RunReplied,
)
from shared.contracts.errors import Error, StageEstimate
from tests.credits.rules.seen import Answer


@singledispatch
def answered(said: object) -> Answer:
    raise TypeError(f"nobody expected {said!r}")


@answered.register
def _(said: OperationReplied) -> Answer:
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


@answered.register
def _(said: ExtensionReplied) -> Answer:
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
        unspent=error.unspent_credits,
        version=error.version,
        parts=None if error.per_stage is None else parts_of(error.per_stage),
        fitting=None if error.fitting_stages is None else tuple(error.fitting_stages),
    )


def parts_of(stages: Sequence[StageEstimate]) -> tuple[tuple[int, int], ...]:
    return tuple((part.stage, part.estimated) for part in stages)


@answered.register
def _(said: RunReplied) -> Answer:
    if said.error is not None:
        return refusal(said.id, said.error, replayed=said.replayed)
    assert said.data is not None
    return Answer(
        said.id,
        replayed=said.replayed,
        required=said.data.estimated,
        held=said.data.held,
        available=said.data.available_after,
        until=datetime.fromisoformat(said.data.expires_at),
        prices=said.data.price_version,
        parts=parts_of(said.data.per_stage),
    )


@answered.register
def _(said: FreezeReplied) -> Answer:
    if said.error is not None:
        return refusal(said.id, said.error, replayed=said.replayed)
    assert said.data is not None
    held, free = said.data.frozen, said.data.available_after
    again, unspent = said.replayed, said.data.unspent
    return Answer(said.id, replayed=again, held=held, available=free, unspent=unspent)


@answered.register
def _(said: AdjustmentReplied) -> Answer:
    if said.error is not None:
        return refusal(said.id, said.error, replayed=said.replayed)
    assert said.data is not None
    amount, free = said.data.transaction.amount, said.data.available_after
    return Answer(said.id, replayed=said.replayed, required=amount, available=free)


@answered.register
def _(said: CostConfigUpdateReplied | ModelPriceUpdateReplied) -> Answer:
    if said.error is not None:
        return refusal(said.id, said.error, replayed=said.replayed)
    assert said.data is not None
    prices, version = said.data.price_version, said.data.row.version
    return Answer(said.id, replayed=said.replayed, prices=prices, version=version)
