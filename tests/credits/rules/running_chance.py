"""Automation runs by chance: of up to three stages, whose work may be anybody's."""

from typing import TypeAlias

from hypothesis import strategies as st

from shared.contracts.credits import (
    Done,
    ExtensionRequested,
    ImageCount,
    Items,
    OperationRequested,
    PlannedStage,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
    StageOperation,
)
from tests.credits.rules.chance import accounts, kinds, models, operations, runs, stages

RunReport: TypeAlias = (
    StageCompleted
    | StageFailed
    | RunCompleted
    | RunCancelled
    | ExtensionRequested
    | OperationRequested
)

# Half of all stages write articles: only what is common meets itself.
few = st.integers(1, 3)
plans = st.builds(
    PlannedStage,
    stage=stages,
    operation_type=kinds,
    count=few,
    model=st.none() | st.none() | models,
    quality=st.sampled_from([None, "basic", "premium"]),
    words=st.none() | st.integers(0, 2_000),
    units=st.none() | st.integers(0, 3),
)
in_order = st.lists(plans, min_size=1, max_size=3, unique_by=lambda plan: plan.stage).map(
    lambda some: sorted(some, key=lambda plan: plan.stage)
)
articles = st.builds(
    PlannedStage, stage=stages, operation_type=st.just("content_generation"), count=few
).map(lambda one: [one])
seconds = st.sampled_from([60, 900, 14_400, 86_400])
requests = st.builds(
    RunRequested, account_id=accounts, run_id=runs, stages=articles | in_order, hold_ttl_s=seconds
)

numbers = st.none() | st.integers(0, 9_000)
images = st.none() | st.builds(
    ImageCount, quality=st.sampled_from(["basic", "quality", "premium"]), count=few
).map(lambda image: [image])
types = st.none() | st.just("content_generation") | kinds
items = st.none() | st.builds(Items, kind=st.just("article"), count=st.integers(0, 3))
works = st.builds(
    StageOperation,
    operation_id=operations,
    operation_type=types,
    model_used=models,
    tokens_input=numbers,
    tokens_output=numbers,
    images=images,
    items=items,
)
totals = st.builds(
    Done, operation_type=types, model_used=models, tokens_input=numbers, tokens_output=numbers
)
some_works = st.lists(works, max_size=3)
in_parts = st.builds(
    StageCompleted,
    account_id=accounts,
    run_id=runs,
    stage=stages,
    operations=some_works,
    done=st.booleans(),
)
in_sum = st.builds(StageCompleted, account_id=accounts, run_id=runs, stage=stages, totals=totals)
failures = st.builds(
    StageFailed,
    account_id=accounts,
    run_id=runs,
    stage=stages,
    reason=st.sampled_from([None, "the writer gave up"]),
    operations=st.none() | some_works,
)
cancellations = st.builds(
    RunCancelled,
    account_id=accounts,
    run_id=runs,
    stage=st.none() | stages,
    operations=st.none() | some_works,
)
endings = st.builds(RunCompleted, account_id=accounts, run_id=runs)
extensions = st.builds(ExtensionRequested, account_id=accounts, run_id=runs, extend_s=seconds)
reports: st.SearchStrategy[RunReport] = st.one_of(
    in_parts, in_parts, in_parts, in_sum, failures, cancellations, endings, extensions
)
children: st.SearchStrategy[RunReport] = st.builds(
    OperationRequested,
    account_id=accounts,
    operation_id=operations,
    operation_type=st.just("content_generation") | kinds,
    run_id=runs,
    stage=st.none() | stages,
    hold_ttl_s=st.sampled_from([60, 900]),
)
