"""The story of an operation as people read it, and as other programs do."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from deploy.why.found import Found
from deploy.why.story import Step, numbers_of
from shared.contracts.types import JsonObject

WIDTH = 110
INDENT = " " * 25
WITHOUT_KAFKA = "No Kafka answers: what was reported and told is not shown."
OVER = "Of the records Kafka holds none of it any more: facts are kept 30 days, replies one."


class Told(NamedTuple):
    """An operation, its steps, and whether Kafka could be asked."""

    found: Found
    steps: Sequence[Step]
    is_heard: bool


def lines(told: Told) -> Iterator[str]:
    """Head, steps a day, and what is missing."""
    yield from head(told.found)
    day = ""
    for step in told.steps:
        if step.at[:10] != day:
            day = step.at[:10]
            yield f"\n{day}"
        yield from lines_of(step)
    if not told.is_heard:
        yield f"\n{WITHOUT_KAFKA}"
    elif not any(step.where for step in told.steps):
        yield f"\n{OVER}"


def head(found: Found) -> Iterator[str]:
    operation, run = found.operation, found.run
    what = operation.operation_type or "an operation that was never asked for"
    yield f"{what} {operation.subject_id}"
    yield f"account {operation.account_id}"
    yield (
        f"{operation.state}: {operation.held:,} held, {operation.charged:,} charged,"
        f" {operation.shortfall:,} short"
    )
    if run is not None:
        yield (
            f"part of run {run.run_id}, {run.state}: {run.held:,} held for it at first,"
            f" {run.remaining:,} left, {run.charged:,} charged"
        )


def lines_of(step: Step) -> list[str]:
    """The time, what happened, and in which words; where a record lies stands behind them."""
    begin = f"{step.at[11:23]}  {step.what:11}"
    text = f"{step.words}  [{step.where}]" if step.where else step.words
    return wrap(
        text,
        WIDTH,
        initial_indent=begin,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_json(told: Sequence[Told]) -> JsonObject:
    return {"operations": [object_of(one) for one in told]}


def object_of(told: Told) -> JsonObject:
    """The row, the run, and each step with all that it said."""
    operation, run = told.found.operation, told.found.run
    return {
        "operation_id": operation.subject_id,
        "account_id": operation.account_id,
        "operation_type": operation.operation_type,
        **numbers_of(operation),
        "run": None if run is None else run._asdict(),
        "kafka": told.is_heard,
        "story": [step._asdict() for step in told.steps],
    }
