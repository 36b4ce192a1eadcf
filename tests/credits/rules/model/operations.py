"""One operation: what is asked, held, reported, freed."""

import math
from datetime import timedelta
from fractions import Fraction

from shared.contracts.credits import (
    Done,
    Estimate,
    ExtensionRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
)
from tests.credits.rules.model.charging import CHARGED, Report, charge, kind_of, shared_out
from tests.credits.rules.model.purse import Purse, Work, World
from tests.credits.rules.model.tariff import Bill, Line, usual_model
from tests.credits.rules.seen import Answer, Dead, Fact, Seen, Warned

MARGIN = Fraction(6, 5)


def requested(
    world: World, purse: Purse, said: OperationRequested, *, by_person: bool
) -> list[Seen]:
    about, work = said.operation_id, purse.works.get(said.operation_id)
    if work and work.answer and work.asked == said:
        return [work.answer._replace(replayed=True)]
    rate = world.tariff.rates.get(said.operation_type)
    if rate and rate.mode == "image" and not (said.estimate and said.estimate.images):
        return [Answer(about, "invalid")]
    if work and work.asked:
        return [Answer(about, "conflict", state=work.state)]
    if work is None:
        work = purse.works[about] = Work("refused", world.prices, world.now, world.now)
        work.kind, work.model = said.operation_type, said.model
    if work.kind:
        kind, estimate = work.kind, said.estimate or Estimate()
        work.needed = needed(world, work.prices, kind, estimate, said.model, by_person=by_person)
    work.asked, work.since = said, world.now
    work.answer = answer(world, purse, work, said)
    if work.state != "held":
        return [work.answer]
    return [work.answer, purse.fact("reserved", about, work.hold)._replace(rest=work.needed)]


def needed(
    world: World, prices: int, kind: str, estimate: Estimate, model: str | None, *, by_person: bool
) -> int:
    """P7: a person may ask for more than is usual, never for less."""
    tariff = world.tariffs[prices]
    if kind not in tariff.rates:
        return 0
    need = tariff.needed(kind, estimate, tariff.known(model))
    if by_person and tariff.rates[kind].mode != "image":
        return max(need, tariff.needed(kind, Estimate(), tariff.known(model)))
    return need


def answer(world: World, purse: Purse, work: Work, said: OperationRequested) -> Answer:
    """The end that came before, then why not, and last the credits: its run's, and free ones."""
    about, rate = said.operation_id, world.tariff.rates.get(said.operation_type)
    if work.state in CHARGED:
        return ok(purse, work, about)
    if work.state == "released":
        return Answer(about, "conflict", state="released")
    if (no := why_not(world, purse, said.operation_type, said.model)) or rate is None:
        return Answer(about, no)
    run = purse.open_run(said.run_id)
    need, free = work.needed, purse.available() + (run.rest if run else 0)
    if need > free:
        short = Answer(about, "credits.insufficient", required=need, available=free)
        return short._replace(held=sum(purse.holds()), shortfall=need - free)
    work.hold = min(free, math.ceil(need * MARGIN)) if rate.mode == "tokens" else need
    if run:
        run.taken.append(min(work.hold, run.rest))
    work.state, work.until = "held", world.now + timedelta(seconds=said.hold_ttl_s)
    purse.version += 1
    return ok(purse, work, about)


def ok(purse: Purse, work: Work, about: str) -> Answer:
    return Answer(
        about,
        state="committed_late" if work.state in CHARGED else work.state,
        required=work.needed,
        held=work.hold,
        available=purse.available(),
        charged=work.charged,
        until=work.until,
        prices=work.prices,
    )


def why_not(world: World, purse: Purse, kind: str, model: str | None) -> str:
    """The status first, then what is offered."""
    status, rate = purse.status[1], world.tariff.rates.get(kind)
    engine = world.tariff.engines.get(model or "")
    if status in ("suspended", "cancelled"):
        return f"account.{status}"
    if rate is None or not rate.is_on:
        return "operation.disabled" if rate else "operation.unknown"
    return "model.unknown" if model and not (engine and engine.is_on) else ""


def completed(world: World, purse: Purse, said: OperationCompleted) -> list[Seen]:
    work = purse.works.get(said.operation_id)
    if work and work.state in CHARGED:
        return []
    report = Report(said.operation_id, said, (said.operation_type,), said.run_id, said.stage)
    if kind_of(world, work, report) is None:
        return [Dead(said.operation_type)]
    return charge(world, purse, report)


def ended(world: World, purse: Purse, said: OperationFailed | OperationCancelled) -> list[Seen]:
    """P5: nothing is charged; what failed is logged with what it cost us."""
    about = said.operation_id
    work = purse.works.setdefault(about, Work("released", world.prices, world.now, world.now))
    if work.state != "held":
        return []
    reason = said.reason_code if isinstance(said, OperationFailed) else "cancelled"
    told = freed(purse, about, "released")._replace(reason=reason)
    if isinstance(said, OperationCancelled):
        return [told]
    tariff, tokens = world.tariffs[work.prices], (said.tokens_input, said.tokens_output)
    usual = usual_model(tariff.rates[work.kind or ""])
    model = said.model_used or tariff.known(work.model) or usual
    line = Line(0, tariff.dollars(model, tokens, 0), model, None, 0)
    bill, report = Bill(0, tokens, is_estimated=False, lines=[line]), Report(about, Done(), ())
    rows = shared_out(work, report.of(work), bill, "failed")
    alerts = [Warned("price.missing", "warning", model)] if line.dollars is None else []
    return [told, *rows, *alerts]


def lapsed(world: World, purse: Purse, about: str) -> list[Seen]:
    """What the sweep makes of a hold."""
    work = purse.works[about]
    if work.state != "held" or work.until > world.now:
        return []
    return [freed(purse, about, "expired")]


def freed(purse: Purse, about: str, end: str) -> Fact:
    purse.works[about].state = end
    purse.version += 1
    return purse.fact(end, about, purse.works[about].hold)


def extended(_: World, purse: Purse, said: ExtensionRequested) -> list[Seen]:
    """A longer life, counted from the start; the same one twice is one."""
    work = purse.works.get(said.operation_id or "")
    if work is None or work.asked is None:
        return [Answer(said.subject, "not.found")]
    if given := work.extensions.get(said.extend_s):
        return [Answer(said.subject, replayed=True, until=given)]
    if work.state != "held":
        return [Answer(said.subject, "conflict", state=work.state)]
    work.until = max(work.until, work.since + timedelta(seconds=said.extend_s))
    work.extensions[said.extend_s] = work.until
    return [Answer(said.subject, until=work.until)]
