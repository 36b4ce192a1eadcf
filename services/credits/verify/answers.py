"""What every command was answered at first, from the rows that remember it, by reply topic.

As to somebody who asks again: what has happened since then, as an extension, changes nothing.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import msgspec

from services.credits import correction_refusals, corrections, outcomes, refusals, run_outcomes
from services.credits.book import Key, Reservation
from services.credits.queries.operations import FIND_OPERATIONS
from services.credits.store import adjustments, clawbacks, runs
from shared import keys as by_key
from shared.contracts.credits import (
    AdjustmentReplied,
    FreezeReplied,
    OperationReplied,
    RunReplied,
)
from shared.contracts.errors import Error
from shared.contracts.message import Reply
from shared.lanes import lane_of
from shared.postgres import Transaction

Answers: TypeAlias = Mapping[Key, Reply]
Find: TypeAlias = Callable[[Transaction, Collection[Key]], Awaitable[Answers]]


class Kind(NamedTuple):
    """How the replies to one command are read, and held against what is stored."""

    decode: Callable[[bytes], Reply]
    find: Find
    other_content: Callable[[str], Error]  # The conflict that is kept nowhere.


async def of_operations(tx: Transaction, keys: Collection[Key]) -> Answers:
    """What was only reported on was never asked for."""
    wanted = {(lane_of(account_id), account_id, subject) for account_id, subject in keys}
    rows = await by_key.find(tx, FIND_OPERATIONS, wanted)
    known = [Reservation(**row) for row in rows]
    return {
        (row.account_id, row.subject_id): outcomes.first_answer(row, replayed=True)
        for row in known
        if row.request is not None
    }


async def of_runs(tx: Transaction, keys: Collection[Key]) -> Answers:
    found = await runs.find_runs(tx, keys)
    return {
        key: run_outcomes.first_answer(run) for key, run in found.items() if run.request is not None
    }


async def of_freezes(tx: Transaction, keys: Collection[Key]) -> Answers:
    found = await clawbacks.known(tx, [(account_id, "refund", name) for account_id, name in keys])
    return {
        (row.account_id, row.subject_id): corrections.freeze_answer(row, replayed=True)
        for row in found.values()
        if row.request is not None
    }


async def of_adjustments(tx: Transaction, keys: Collection[Key]) -> Answers:
    found = await adjustments.known(tx, keys)
    return {key: corrections.adjustment_answer(row, replayed=True) for key, row in found.items()}


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        OperationReplied.topic: Kind(
            msgspec.json.Decoder(OperationReplied).decode, of_operations, refusals.other_content
        ),
        RunReplied.topic: Kind(
            msgspec.json.Decoder(RunReplied).decode, of_runs, refusals.other_run
        ),
        FreezeReplied.topic: Kind(
            msgspec.json.Decoder(FreezeReplied).decode,
            of_freezes,
            correction_refusals.other_refund,
        ),
        AdjustmentReplied.topic: Kind(
            msgspec.json.Decoder(AdjustmentReplied).decode,
            of_adjustments,
            correction_refusals.other_adjustment,
        ),
    }
)
