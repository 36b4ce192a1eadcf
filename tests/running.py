"""Messages about automation runs as others send them, in few words."""

from collections.abc import Sequence

from msgspec import convert

from shared.contracts.credits import (
    Done,
    ExtensionRequested,
    PlannedStage,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
    StageOperation,
)
from shared.contracts.types import Json
from tests.making import ANN, Fields, uuid

RUN = 0x100

# The run of S10: 370 credits are required, 444 held.
S10: Sequence[Fields] = (
    {"stage": 1, "operation_type": "clustering", "count": 1},
    {"stage": 2, "operation_type": "idea_generation", "count": 1},
    {"stage": 3, "operation_type": "content_generation", "count": 5},
    {"stage": 4, "operation_type": "image_prompt_extraction", "count": 5},
    {"stage": 5, "operation_type": "image_generation", "count": 15, "quality": "basic"},
)
ARTICLES: Fields = {"stage": 1, "operation_type": "content_generation", "count": 5}


def planned(*stages: Fields) -> list[PlannedStage]:
    return convert(stages, list[PlannedStage])


def run_requested(
    *stages: Fields, run: int = RUN, account: str = ANN, **said: Json
) -> RunRequested:
    """Five articles, unless other stages are named: 250 credits required, 300 held."""
    return RunRequested(
        account_id=account, run_id=uuid(run), stages=planned(*(stages or (ARTICLES,))), **said
    )


def done(number: int, credits: int = 47, **said: Json) -> StageOperation:
    """An article of so many credits."""
    fields: Fields = {"model_used": "gpt-5.1", "tokens_input": 0, "tokens_output": credits * 100}
    return StageOperation(operation_id=uuid(number), **fields | said)


def stage_done(
    stage: int,
    *operations: StageOperation,
    run: int = RUN,
    account: str = ANN,
    is_done: bool = True,
) -> StageCompleted:
    return StageCompleted(
        account_id=account, run_id=uuid(run), stage=stage, operations=operations, done=is_done
    )


def stage_in_sum(stage: int, totals: Done, account: str = ANN) -> StageCompleted:
    return StageCompleted(account_id=account, run_id=uuid(RUN), stage=stage, totals=totals)


def stage_failed(
    stage: int, *operations: StageOperation, run: int = RUN, account: str = ANN, **said: Json
) -> StageFailed:
    fields: Fields = {"reason": "the writer gave up"} | said
    return StageFailed(
        account_id=account, run_id=uuid(run), stage=stage, operations=operations, **fields
    )


def run_completed(run: int = RUN, account: str = ANN) -> RunCompleted:
    return RunCompleted(account_id=account, run_id=uuid(run))


def run_cancelled(
    *operations: StageOperation, run: int = RUN, account: str = ANN, **said: Json
) -> RunCancelled:
    return RunCancelled(account_id=account, run_id=uuid(run), operations=operations, **said)


def run_extension(seconds: int, run: int = RUN, account: str = ANN) -> ExtensionRequested:
    return ExtensionRequested(account_id=account, run_id=uuid(run), extend_s=seconds)
