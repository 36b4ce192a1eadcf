"""What is done is charged: P9, P11, P12, P16, and what an open run changes about them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from shared.contracts.credits import Done
from tests.credits.rules.model.purse import Entry, Purse, Run, Work, World
from tests.credits.rules.model.tariff import Bill
from tests.credits.rules.seen import Seen, Used, Warned

CHARGED = "committed", "committed_late"
A_DAY = timedelta(days=1)


class Report(NamedTuple):
    """Somebody says that an operation is done, perhaps as part of a run's stage."""

    about: str
    done: Done
    kinds: tuple[str | None, ...]  # As it is said, and what its stage is for.
    run: str | None = None
    stage: int | None = None

    def of(self, work: Work | None) -> "Report":
        """Run and stage of the request count, where one was read."""
        if work is None or work.asked is None:
            return self
        return self._replace(run=work.asked.run_id, stage=work.asked.stage)


def kind_of(world: World, work: Work | None, report: Report) -> str | None:
    """The requested type counts, the reported one where that has no price, its stage's last."""
    kinds = (work.kind if work else None), *report.kinds
    return next((kind for kind in kinds if kind in world.tariff.rates), None)


def charge(world: World, purse: Purse, report: Report) -> list[Seen]:
    """Of an operation that has a type, and was not charged before."""
    known = purse.works.get(report.about)
    kind, report = kind_of(world, known, report), report.of(known)
    run = purse.open_run(report.run)
    work = known or Work("new", world.prices, world.now, world.now)
    purse.works[report.about], work.kind = work, kind
    asked, needed = work.model, work.needed
    if not work.had_a_hold:
        stage = run.stages.get(report.stage or 0) if run and known is None else None
        promised = run.prices if run and known is None else world.prices
        is_priced = kind in world.tariffs[promised].rates
        work.prices = promised if is_priced else world.prices
        is_planned = stage is not None and stage.kind == kind
        needed = stage.item if stage and is_planned else 0
        asked = stage.model if stage and is_planned else work.model
        work.needed, work.until = 0, world.now
    bill = world.tariffs[work.prices].bill(kind or "", report.done, asked, needed)
    told = paid(world, purse, work, report, bill)
    its_run = purse.runs.get(report.run or "")
    is_refused = its_run and its_run.answer and its_run.answer.code != "ok"
    if not work.had_a_hold and (work.answer or is_refused):
        told.append(Warned("credits.unauthorised", "error", report.about))
    if any(line.dollars is None for line in bill.lines):
        told.append(Warned("price.missing", "warning", report.done.model_used or ""))
    return told


def paid(world: World, purse: Purse, work: Work, report: Report, bill: Bill) -> list[Seen]:
    """What is left over is shortfall."""
    about, run = report.about, purse.open_run(report.run)
    own = work.hold if work.state == "held" else 0
    was_held = work.state == "held"
    is_late = not was_held and not (work.state == "new" and run)
    cost = min(bill.credits, own + purse.available() + (run.rest if run else 0))
    if run:
        run.taken.append(from_run(purse, work, run, cost - min(own, cost)))
    work.state, work.charged = "committed_late" if is_late else "committed", cost
    from_plan = min(cost, purse.buckets()[0])
    deltas, short = (-from_plan, from_plan - cost), bill.credits - cost
    if cost:
        purse.entries.append(Entry(*deltas, world.month, is_charge=True))
    purse.version += bool(cost) or was_held
    if run:
        counted(run, report, cost, short, sum(line.items for line in bill.lines))
    fact = purse.fact("committed", about, cost)
    rest = max(0, own - cost)
    fact = fact._replace(rest=rest, shortfall=short, late=is_late, deltas=deltas)
    fact = fact._replace(run=report.run, stage=report.stage)
    rows = list(shared_out(work, report, bill, "late" if is_late else "success"))
    return [fact, *short_of(world, purse, report, cost, short, late=is_late), *rows]


def from_run(purse: Purse, work: Work, run: Run, wanted: int) -> int:
    """A stage's own work takes the run's credits first, what has a request takes them last."""
    if work.state == "new":
        return min(wanted, run.rest)
    return max(0, wanted - purse.available())


def counted(run: Run, report: Report, cost: int, short: int, items: int) -> None:
    run.state = "running"
    run.charged, run.shortfall = run.charged + cost, run.shortfall + short
    if stage := run.stages.get(report.stage or 0):
        stage.state = "running" if stage.state == "pending" else stage.state
        stage.charged, stage.items = stage.charged + cost, stage.items + items


def short_of(
    world: World, purse: Purse, report: Report, cost: int, short: int, *, late: bool
) -> list[Seen]:
    if not short:
        return []
    purse.shortfalls.append(world.now)
    is_third = sum(world.now - moment <= A_DAY for moment in purse.shortfalls) >= 3
    told = purse.fact("shortfall.recorded", report.about, cost)
    told = told._replace(shortfall=short, late=late, run=report.run)
    alert = Warned("credits.shortfall", "error" if is_third else "warning", report.about)
    return [told, alert]


def shared_out(work: Work, report: Report, bill: Bill, status: str) -> Iterator[Used]:
    """P10: what was charged is shared out to the lines, the first first."""
    left, tokens = work.charged, bill.tokens
    for line in bill.lines:
        paid = min(left, line.credits)
        yield Used(
            report.about,
            work.kind or "",
            status,
            paid,
            line.credits - paid,
            line.dollars,
            line.model,
            tokens,
            bill.is_estimated,
            line.quality,
            line.items,
            work.prices,
            report.run,
            report.stage,
        )
        left, tokens = left - paid, (None, None)
