"""Runs, refunds, disputes and changes by hand that no careful client sends, and their fates."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from shared.contracts.credits import (
    AdjustmentRequested,
    ExtensionRequested,
    FreezeReleased,
    FreezeRequested,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
)
from shared.contracts.invoicing import PaymentDisputed, PaymentRefunded, RefundReversed
from shared.contracts.message import Message, encode
from shared.contracts.operating import AlertReadRequested
from shared.contracts.types import Json, Role
from tests import correcting, making, running
from tests.credits.rules.pricing import config_update, model_update
from tests.faults import poison
from tests.faults.poison import THIRTY_DIGITS, Poison, token_of, with_fields, with_text
from tests.faults.scene import NUMBERS

Wrong: TypeAlias = Mapping[str, tuple[Message, dict[str, Json]]]

TOO_MUCH = 10**9 + 1


def good_ones(account: str) -> dict[type[Message], Message]:
    """One of each kind, about things that nobody else knows."""
    run, refund = next(NUMBERS), next(NUMBERS)
    stage = running.stage_done(1, running.done(next(NUMBERS)), run=run, account=account)
    alerts = AlertReadRequested(account_id=account, source="credits", alert_ids=[making.uuid(1)])
    said: list[Message] = [
        running.run_requested(run=run, account=account),
        running.run_extension(7200, run=run, account=account),
        stage,
        running.stage_failed(1, run=run, account=account),
        running.run_completed(run=run, account=account),
        running.run_cancelled(run=run, account=account),
        correcting.freeze(refund, 10, account),
        correcting.unfreeze(refund, account),
        correcting.refunded(refund, 10, account),
        correcting.reversed_(refund, account),
        correcting.disputed(refund, "opened", 10, account),
        correcting.adjustment(refund, 10, account),
        alerts,
    ]
    return {type(message): message for message in said}


def every_kind(account: str, another: str, environment: Mapping[str, str]) -> list[Poison]:
    good = [*good_ones(account).values()]
    return [
        *poison.truncated(account, [*good, config_update(), model_update()]),
        *poison.foreign(account, another, good),
        *wrong_events(account),
        *wrong_commands(account, environment),
        *strangers(account, environment),
        *impossible(account, environment),
    ]


def wrong_events(account: str) -> list[Poison]:
    """Nobody waits for an answer to them."""
    good = good_ones(account)
    operation: dict[str, Json] = {"operation_id": making.uuid(next(NUMBERS))}
    works: list[Json] = [operation | {"model_used": "gpt-5.1"}]
    wrong: Wrong = {
        "a stage in both ways": (good[StageCompleted], {"totals": {}, "operations": works}),
        "stage 0": (good[StageCompleted], {"stage": 0}),
        "work of a run that nobody knows": (good[StageCompleted], {"operations": works}),
        "half a token": (
            good[StageCompleted],
            {"operations": [operation | {"tokens_input": 0.5}]},
        ),
        "too many operations": (good[StageFailed], {"operations": works * 501}),
        "a run without an id": (good[RunCompleted], {"run_id": None}),
        "a run called off by NUL": (good[RunCancelled], {"by": "a\x00b"}),
        "an unknown reason": (good[FreezeReleased], {"reason": "mood"}),
        "a refund below nothing": (good[PaymentRefunded], {"credits_to_revoke": -1}),
        "a refund of a third bucket": (good[PaymentRefunded], {"bucket": "gift"}),
        "a reversal of nothing": (good[RefundReversed], {"refund_id": "x"}),
        "a dispute that is undecided": (good[PaymentDisputed], {"state": "maybe"}),
    }
    values = {name: with_fields(message, **said) for name, (message, said) in wrong.items()}
    topics = {name: message.topic for name, (message, _) in wrong.items()}
    endless = "a refund of 30 digits"
    values[endless] = with_text(good[PaymentRefunded], b'"credits_to_revoke":' + THIRTY_DIGITS)
    topics[endless] = PaymentRefunded.topic
    return [Poison(name, account, topics[name], x, "invalid") for name, x in values.items()]


def wrong_commands(account: str, environment: Mapping[str, str]) -> list[Poison]:
    """Who asks is told which field to mend."""
    good, token = good_ones(account), [token_of(account, "developer", environment)]
    articles: dict[str, Json] = {**running.ARTICLES}
    wrong: Mapping[str, tuple[Message, dict[str, Json], str]] = {
        "a run of no stages": (good[RunRequested], {"stages": []}, "stages"),
        "a stage of 10,001": (
            good[RunRequested],
            {"stages": [articles | {"count": 10_001}]},
            "stages[0].count",
        ),
        "stages that fall": (
            good[RunRequested],
            {"stages": [articles | {"stage": 2}, articles]},
            "stages[1].stage",
        ),
        "a run for ever": (good[RunRequested], {"hold_ttl_s": 86_401}, "hold_ttl_s"),
        "a run that costs everything": (
            good[RunRequested],
            {"stages": [articles | {"count": 10_000, "words": 2**52}]},
            "stages",
        ),
        "a freeze of nothing": (good[FreezeRequested], {"credits": 0}, "credits"),
        "a freeze of too much": (good[FreezeRequested], {"credits": TOO_MUCH}, "credits"),
        "a freeze of no bucket": (good[FreezeRequested], {"bucket": None}, "bucket"),
        "an adjustment by nothing": (good[AdjustmentRequested], {"amount": 0}, "amount"),
        "an adjustment of too much": (good[AdjustmentRequested], {"amount": -TOO_MUCH}, "amount"),
        "an adjustment without a note": (good[AdjustmentRequested], {"note": " "}, "note"),
        "alerts of nobody": (good[AlertReadRequested], {"alert_ids": []}, "alert_ids"),
    }
    needs_actor = AdjustmentRequested, AlertReadRequested
    return [
        Poison(
            name,
            account,
            message.topic,
            with_fields(message, **said),
            "invalid",
            [path],
            token if isinstance(message, needs_actor) else (),
        )
        for name, (message, said, path) in wrong.items()
    ]


def strangers(account: str, environment: Mapping[str, str]) -> list[Poison]:
    """Somebody who may not, or of whom nobody knows who he is."""
    good = good_ones(account)
    told: Sequence[tuple[Message, Role | None]] = [
        (good[RunRequested], "viewer"),
        (good[AdjustmentRequested], "owner"),
        (good[AdjustmentRequested], None),
        (config_update(tokens_per_credit=1), "admin"),
        (model_update(is_active=False), None),
        (good[AlertReadRequested], None),
    ]
    return [
        Poison(
            f"{message.topic} by {role}",
            account,
            message.topic,
            encode(message),
            "forbidden",
            (),
            [token_of(account, role, environment)] if role else (),
        )
        for message, role in told
    ]


def impossible(account: str, environment: Mapping[str, str]) -> list[Poison]:
    """What can be read and cannot be: for want of credits, or of what it is about."""
    good, token = good_ones(account), [token_of(account, "developer", environment)]
    stages: list[Json] = [{"stage": 1, "operation_type": "telepathy", "count": 1}]
    nobody = with_fields(good[RunRequested], stages=stages)
    freeze = with_fields(good[FreezeRequested], credits=10**9)
    taken = with_fields(good[AdjustmentRequested], amount=-(10**9), bucket="purchased")
    longer = encode(good_ones(account)[ExtensionRequested])
    told = {
        "a run of what nobody offers": (RunRequested.topic, nobody, "operation.unknown"),
        "a freeze of what is not there": (FreezeRequested.topic, freeze, "refund.exceeds.unspent"),
        "a longer life of no run": (ExtensionRequested.topic, longer, "not.found"),
    }
    answered = [Poison(name, account, *said, ()) for name, said in told.items()]
    by_hand = AdjustmentRequested.topic, taken, "credits.insufficient"
    return [*answered, Poison("more than there is", account, *by_hand, (), token)]
