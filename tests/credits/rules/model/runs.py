"""An automation run: one hold for all of it, what its stages report, and how it ends."""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from uuid import UUID, uuid5

from shared.contracts.credits import (
    Estimate,
    ExtensionRequested,
    ImageCount,
    PlannedStage,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
)
from tests.credits.rules.model.charging import CHARGED, Report, charge, kind_of
from tests.credits.rules.model.operations import MARGIN, needed, why_not
from tests.credits.rules.model.purse import Purse, Run, Stage, World
from tests.credits.rules.seen import Answer, Approved, Closed, Dead, Fact, Seen, StageBilled

Ending = StageFailed | RunCompleted | RunCancelled


def requested(world: World, purse: Purse, said: RunRequested, *, by_person: bool) -> list[Seen]:
    about, run = said.run_id, purse.runs.get(said.run_id)
    if run and run.answer and run.asked == said:
        return [run.answer._replace(replayed=True)]
    if run and run.asked:
        return [Answer(about, "conflict", state=run.state)]
    if run is None:
        run = purse.runs[about] = Run("refused", world.prices, world.now, world.now)
    is_over = run.state != "refused"
    run.asked, run.since, run.until = said, world.now, world.now
    for plan in said.stages:
        item = item_of(world, plan, by_person=by_person)
        run.stages[plan.stage] = Stage(plan.operation_type, plan.model, item, plan.count)
    run.needed = sum(stage.item * stage.count for stage in run.stages.values())
    if is_over:
        run.answer = Answer(about, "conflict", state=run.state)
    else:
        run.answer = answer(world, purse, run, said)
    if run.state != "approved":
        return [run.answer]
    fact = purse.fact("reserved", about, run.hold)._replace(rest=run.needed)
    return [run.answer, fact, Approved(about, run.needed, run.hold, run.until)]


def item_of(world: World, plan: PlannedStage, *, by_person: bool) -> int:
    """What one of them needs, as if it were asked for by itself."""
    rate = world.tariff.rates.get(plan.operation_type)
    if rate is None:
        return 0
    if rate.mode == "image":
        images = [ImageCount(quality=plan.quality or "quality", count=1)]
        return world.tariff.needed(
            plan.operation_type, Estimate(images=images), world.tariff.known(plan.model)
        )
    estimate, kind = Estimate(words=plan.words, units=plan.units), plan.operation_type
    return needed(world, world.prices, kind, estimate, plan.model, by_person=by_person)


def answer(world: World, purse: Purse, run: Run, said: RunRequested) -> Answer:
    about, free, need = said.run_id, purse.available(), run.needed
    refusals = [why_not(world, purse, plan.operation_type, plan.model) for plan in said.stages]
    if no := next(filter(None, refusals), ""):
        return Answer(about, no)
    parts = tuple((number, s.item * s.count) for number, s in run.stages.items())
    if need > free:
        sums = zip(run.stages, accumulate(part for _, part in parts), strict=True)
        fitting = tuple(number for number, total in sums if total <= free)
        short = Answer(about, "run.credits.insufficient", required=need, available=free)
        short = short._replace(held=sum(purse.holds()), shortfall=need - free)
        return short._replace(parts=parts, fitting=fitting)
    run.hold = min(free, math.ceil(need * MARGIN))
    run.state, run.until = "approved", world.now + timedelta(seconds=said.hold_ttl_s)
    purse.version += 1
    return Answer(
        about,
        required=need,
        held=run.hold,
        available=purse.available(),
        until=run.until,
        prices=run.prices,
        parts=parts,
    )


def stage_completed(world: World, purse: Purse, said: StageCompleted) -> list[Seen]:
    told = worked(world, purse, said, reports_in(purse, said))
    run = purse.open_run(said.run_id)
    if run is None or any(isinstance(one, Dead) for one in told):
        return told
    run.state = "running"
    renewed(world, run)
    stage = run.stages.get(said.stage)
    is_news = said.done and stage is not None and stage.state != "done"
    if stage and stage.state != "done":
        stage.state = "done" if said.done else "running"
    if is_news and not told:
        return [StageBilled(f"{said.run_id}:{said.stage}", 0, 0, 0, run.rest)]
    return told


def renewed(world: World, run: Run) -> None:
    """Every message about a stage does it; a life is never shortened."""
    assert run.asked is not None
    run.until = max(run.until, world.now + timedelta(seconds=run.asked.hold_ttl_s))


def reports_in(purse: Purse, said: StageCompleted | StageFailed | RunCancelled) -> list[Report]:
    """Operation by operation, or all of them as one; without a type they have their stage's."""
    run, number = purse.runs.get(said.run_id), said.stage
    stage = run.stages.get(number or 0) if run else None
    usual = stage.kind if stage else None
    done = [
        Report(one.operation_id, one, (one.operation_type, usual), said.run_id, number)
        for one in said.operations or ()
    ]
    if isinstance(said, StageCompleted) and (totals := said.totals):
        about = str(uuid5(UUID(said.run_id), str(number)))
        kinds = totals.operation_type, usual
        done.append(Report(about, totals, kinds, said.run_id, number))
    return done


def worked(
    world: World,
    purse: Purse,
    said: StageCompleted | StageFailed | RunCancelled,
    reports: Sequence[Report],
) -> list[Seen]:
    """What is new is charged; one without a price makes the whole report a dead letter."""
    reports = [r for r in reports if not is_charged(purse, r.about)]
    for report in reports:
        if kind_of(world, purse.works.get(report.about), report) is None:
            return [Dead(next(filter(None, report.kinds), ""))]
    told: list[Seen] = []
    for report in reports:
        if not is_charged(purse, report.about):
            told += charge(world, purse, report)
    facts = [one for one in told if isinstance(one, Fact) and one.topic == "credits.committed"]
    if not facts or said.stage is None:
        return told
    run = purse.open_run(said.run_id)
    credits, short = sum(f.moved for f in facts), sum(f.shortfall or 0 for f in facts)
    name = f"{said.run_id}:{said.stage}"
    return [*told, StageBilled(name, credits, len(facts), short, run.rest if run else 0)]


def is_charged(purse: Purse, about: str) -> bool:
    return about in purse.works and purse.works[about].state in CHARGED


def ended(world: World, purse: Purse, said: Ending) -> list[Seen]:
    """What was done before is charged first; then the rest is free, once."""
    told: list[Seen] = []
    if not isinstance(said, RunCompleted):
        told = worked(world, purse, said, reports_in(purse, said))
    if any(isinstance(one, Dead) for one in told):
        return told
    end = "completed" if isinstance(said, RunCompleted) else "stopped"
    run = purse.runs.setdefault(said.run_id, Run(end, world.prices, world.now, world.now))
    if not run.is_open:
        return told
    if isinstance(said, StageFailed) and (stage := run.stages.get(said.stage)):
        stage.state = "failed"
    reason = None if isinstance(said, RunCompleted) else said.reason
    return [*told, *closed(purse, said.run_id, end, reason)]


def lapsed(world: World, purse: Purse, about: str) -> list[Seen]:
    """What the sweep makes of a run of which nobody hears."""
    run = purse.runs[about]
    if not run.is_open or run.until > world.now:
        return []
    return closed(purse, about, "expired", None)


def closed(purse: Purse, about: str, state: str, reason: str | None) -> list[Seen]:
    run = purse.runs[about]
    rest, run.state = run.rest, state
    purse.version += 1
    fact = purse.fact("expired" if state == "expired" else "released", about, rest)
    if state != "expired":
        fact = fact._replace(reason="run_closed")
    ends = {"pending": "skipped", "running": "done" if state == "completed" else "failed"}
    stages = tuple(
        (number, s.kind, ends.get(s.state, s.state), s.item * s.count, s.charged, s.items)
        for number, s in run.stages.items()
    )
    end = Closed(about, state, reason, run.needed, run.charged, rest, run.shortfall, stages)
    return [fact, end]


def extended(_: World, purse: Purse, said: ExtensionRequested) -> list[Seen]:
    """A longer life, counted from the start; the same one twice is one."""
    run = purse.runs.get(said.run_id or "")
    if run is None or run.asked is None:
        return [Answer(said.subject, "not.found")]
    if given := run.extensions.get(said.extend_s):
        return [Answer(said.subject, replayed=True, until=given)]
    if not run.is_open:
        return [Answer(said.subject, "conflict", state=run.state)]
    run.until = max(run.until, run.since + timedelta(seconds=said.extend_s))
    run.extensions[said.extend_s] = run.until
    return [Answer(said.subject, until=run.until)]
