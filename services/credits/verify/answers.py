"""What every command may have been answered, from the rows that remember it, by reply topic.

As to somebody who asks again: what has happened since then, as an extension, changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection
from types import MappingProxyType

from services.credits import correction_refusals, corrections, outcomes, refusals, run_outcomes
from services.credits.book import Reservation
from services.credits.queries.operations import FIND_OPERATIONS
from services.credits.store import adjustments, clawbacks, extensions, runs
from services.credits.verify import price_answers
from shared import keys as by_key
from shared.contracts.credits import (
    AdjustmentReplied,
    CostConfigUpdateReplied,
    ExtensionReplied,
    FreezeReplied,
    ModelPriceUpdateReplied,
    OperationReplied,
    RunReplied,
)
from shared.contracts.message import Reply
from shared.lanes import lane_of
from shared.postgres import Transaction
from shared.verify.replies import Answers, Key, Kind, Kinds, of_nobody, of_type


async def of_operations(tx: Transaction, keys: Collection[Key]) -> Answers:
    """What was only reported on was never asked for."""
    wanted = {(lane_of(account_id), account_id, subject) for account_id, subject in keys}
    rows = await by_key.find(tx, FIND_OPERATIONS, wanted)
    known = [Reservation(**row) for row in rows]
    return {
        (row.account_id, row.subject_id): [outcomes.first_answer(row, replayed=True)]
        for row in known
        if row.request is not None
    }


async def of_extensions(tx: Transaction, keys: Collection[Key]) -> Answers:
    """Each target that was asked for has an answer of its own; a no is kept nowhere."""
    found = defaultdict[Key, list[Reply]](list)
    for given in await extensions.known(tx, keys):
        key = given.account_id, given.subject_id
        found[key].append(outcomes.extended(given, replayed=True))
    return {key: found[key] for key in keys}


async def of_runs(tx: Transaction, keys: Collection[Key]) -> Answers:
    found = await runs.find_runs(tx, keys)
    return {
        key: [run_outcomes.first_answer(run)]
        for key, run in found.items()
        if run.request is not None
    }


async def of_freezes(tx: Transaction, keys: Collection[Key]) -> Answers:
    found = await clawbacks.known(tx, [(account_id, "refund", name) for account_id, name in keys])
    return {
        (row.account_id, row.subject_id): [corrections.freeze_answer(row, replayed=True)]
        for row in found.values()
        if row.request is not None
    }


async def of_adjustments(tx: Transaction, keys: Collection[Key]) -> Answers:
    found = await adjustments.known(tx, keys)
    return {key: [corrections.adjustment_answer(row, replayed=True)] for key, row in found.items()}


def of_a_price(kind: Kind) -> Kind:
    return kind._replace(whose=of_nobody)


# Whoever asks a question, or reads an alert, again is answered anew: nothing of it is kept.
KINDS: Kinds = MappingProxyType(
    {
        OperationReplied.topic: of_type(OperationReplied, of_operations, refusals.other_content),
        ExtensionReplied.topic: of_type(
            ExtensionReplied, of_extensions, refusals.closed, refusals.closed_run
        ),
        RunReplied.topic: of_type(RunReplied, of_runs, refusals.other_run),
        FreezeReplied.topic: of_type(FreezeReplied, of_freezes, correction_refusals.other_refund),
        AdjustmentReplied.topic: of_type(
            AdjustmentReplied, of_adjustments, correction_refusals.other_adjustment
        ),
        CostConfigUpdateReplied.topic: of_a_price(
            of_type(CostConfigUpdateReplied, price_answers.of_configs)
        ),
        ModelPriceUpdateReplied.topic: of_a_price(
            of_type(ModelPriceUpdateReplied, price_answers.of_models)
        ),
    }
)
