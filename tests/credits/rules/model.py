"""What credits must come to, said a second time: nothing is kept that a list can be summed for.

Shares no code with the service: it knows the messages, `domain.md` and `contract.md`.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from shared.contracts.credits import (
    Estimate,
    ExtensionRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
)
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    Grant,
    InvoicePaid,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message
from tests.credits.rules.purse import PLANS, Deal, Entry, Purse, Work
from tests.credits.rules.seen import Answer, Dead, Fact, Seen, State, Used, Warned
from tests.credits.rules.tariff import Bill, Line, Tariff, usual_model

MARGIN = Fraction(6, 5)
CHARGED = "committed", "committed_late"
LIVE = "trialing", "active", "past_due"
A_DAY = timedelta(days=1)


@dataclass
class Model:
    """All accounts, at a moment that moves."""

    now: datetime
    tariffs: Mapping[int, Tariff]
    prices: int = 1
    purses: defaultdict[str, Purse] = field(default_factory=lambda: defaultdict(Purse))
    plans: dict[str, Deal] = field(default_factory=PLANS.copy)

    def obey(self, said: Message, *, by_person: bool = False) -> Sequence[Seen]:
        """What a message makes credits say, in order."""
        purse = self.purses[said.account_id or ""]
        match said:
            case OperationRequested():
                return self.requested(purse, said, by_person=by_person)
            case ExtensionRequested():
                return [extended(purse, said)]
            case OperationCompleted():
                return self.completed(purse, said)
            case OperationFailed() | OperationCancelled():
                return self.ended(purse, said)
            case InvoicePaid():
                return [
                    self.granted(purse, said.invoice_id, line)
                    for line in said.grants
                    if (said.invoice_id, line.line) not in purse.lines
                ]
            case PlanUpdated():
                self.planned(said)
            case AccountOpened() | AccountStatusChanged() | SubscriptionStateChanged():
                follow(purse, said)
        return []

    def requested(self, purse: Purse, said: OperationRequested, *, by_person: bool) -> list[Seen]:
        about, work = said.operation_id, purse.works.get(said.operation_id)
        if work and work.answer and work.asked == said:
            return [work.answer._replace(replayed=True)]
        rate = self.tariffs[self.prices].rates.get(said.operation_type)
        if rate and rate.mode == "image" and not (said.estimate and said.estimate.images):
            return [Answer(about, "invalid")]
        if work and work.asked:
            return [Answer(about, "conflict", state=work.state)]
        if work is None:
            work = purse.works[about] = Work("refused", self.prices, self.now, self.now)
            work.kind, work.model = said.operation_type, said.model
        if work.kind:
            work.needed = self.need(work, said, by_person=by_person)
        work.asked, work.since = said, self.now
        work.answer = self.answer(purse, work, said)
        if work.state != "held":
            return [work.answer]
        return [work.answer, purse.fact("reserved", about, work.hold)._replace(rest=work.needed)]

    def need(self, work: Work, said: OperationRequested, *, by_person: bool) -> int:
        """P7: a person may ask for more than is usual, never for less."""
        tariff, kind = self.tariffs[work.prices], work.kind or ""
        if kind not in tariff.rates:
            return 0
        model = tariff.known(said.model)
        need = tariff.needed(kind, said.estimate or Estimate(), model)
        if by_person and tariff.rates[kind].mode != "image":
            return max(need, tariff.needed(kind, Estimate(), model))
        return need

    def answer(self, purse: Purse, work: Work, said: OperationRequested) -> Answer:
        """The end that came before, then why not, and last the credits."""
        about, rate = said.operation_id, self.tariffs[self.prices].rates.get(said.operation_type)
        if work.state in CHARGED:
            return purse.ok(work, about)
        if work.state == "released":
            return Answer(about, "conflict", state="released")
        if (no := self.why_not(purse, said)) or rate is None:
            return Answer(about, no)
        need, free, held = work.needed, purse.available(), purse.held()
        if need > free:
            short = Answer(about, "credits.insufficient", required=need, available=free)
            return short._replace(held=held, shortfall=need - free)
        work.hold = min(free, math.ceil(need * MARGIN)) if rate.mode == "tokens" else need
        work.state, work.until = "held", self.now + timedelta(seconds=said.hold_ttl_s)
        purse.version += 1
        return purse.ok(work, about)

    def why_not(self, purse: Purse, said: OperationRequested) -> str:
        """The status first, then what is offered."""
        tariff, status = self.tariffs[self.prices], purse.status[1]
        rate, engine = tariff.rates.get(said.operation_type), tariff.engines.get(said.model or "")
        if status in ("suspended", "cancelled"):
            return f"account.{status}"
        if rate is None or not rate.is_on:
            return "operation.disabled" if rate else "operation.unknown"
        return "model.unknown" if said.model and not (engine and engine.is_on) else ""

    def completed(self, purse: Purse, said: OperationCompleted) -> list[Seen]:
        """P9, P11, P12, P16."""
        about, work = said.operation_id, purse.works.get(said.operation_id)
        kinds = (work.kind if work else None), said.operation_type
        kind = next((k for k in kinds if k in self.tariffs[self.prices].rates), None)
        if work and work.state in CHARGED:
            return []
        if kind is None:
            return [Dead(said.operation_type)]
        work = purse.works.setdefault(about, Work("released", self.prices, self.now, self.now))
        work.kind = kind
        if not work.had_a_hold:
            work.prices, work.needed, work.until = self.prices, 0, self.now
        bill = self.tariffs[work.prices].bill(kind, said, work.model, work.needed)
        told = self.charged(purse, about, work, bill)
        if work.answer and not work.had_a_hold:
            told.append(Warned("credits.unauthorised", "error", about))
        if any(line.dollars is None for line in bill.lines):
            told.append(Warned("price.missing", "warning", said.model_used or ""))
        return told

    def charged(self, purse: Purse, about: str, work: Work, bill: Bill) -> list[Seen]:
        """From its own hold, then from what is free; what is left over is shortfall."""
        late, freed = work.state != "held", work.hold if work.state == "held" else 0
        work.state = "committed_late" if late else "committed"
        work.charged = charge = min(bill.credits, purse.available())
        short, from_plan = bill.credits - charge, min(charge, purse.buckets()[0])
        deltas = -from_plan, from_plan - charge
        if charge:
            purse.entries.append(Entry(*deltas, f"{self.now:%Y-%m}", is_charge=True))
        purse.version += bool(charge) or not late
        fact = purse.fact("committed", about, charge)
        fact = fact._replace(rest=max(0, freed - charge), shortfall=short, late=late, deltas=deltas)
        rows = list(shared_out(about, work, bill, "late" if late else "success"))
        if not short:
            return [fact, *rows]
        purse.shortfalls.append(self.now)
        is_third = sum(self.now - moment <= A_DAY for moment in purse.shortfalls) >= 3
        told = purse.fact("shortfall.recorded", about, charge)._replace(shortfall=short, late=late)
        alert = Warned("credits.shortfall", "error" if is_third else "warning", about)
        return [fact, told, *rows, alert]

    def ended(self, purse: Purse, said: OperationFailed | OperationCancelled) -> list[Seen]:
        """P5: nothing is charged; what failed is logged with what it cost us."""
        about = said.operation_id
        work = purse.works.setdefault(about, Work("released", self.prices, self.now, self.now))
        if work.state != "held":
            return []
        freed = self.freed(purse, about, "released")
        if isinstance(said, OperationCancelled):
            return [freed]
        tariff, tokens = self.tariffs[work.prices], (said.tokens_input, said.tokens_output)
        usual = usual_model(tariff.rates[work.kind or ""])
        model = said.model_used or tariff.known(work.model) or usual
        line = Line(0, tariff.dollars(model, tokens, 0), model, None, 0)
        rows = shared_out(about, work, Bill(0, tokens, is_estimated=False, lines=[line]), "failed")
        alerts = [Warned("price.missing", "warning", model)] if line.dollars is None else []
        return [freed, *rows, *alerts]

    def lapsed(self, account: str, about: str) -> list[Seen]:
        """What the sweep makes of a hold."""
        work = self.purses[account].works[about]
        if work.state != "held" or work.until > self.now:
            return []
        return [self.freed(self.purses[account], about, "expired")]

    def freed(self, purse: Purse, about: str, end: str) -> Fact:
        purse.works[about].state = end
        purse.version += 1
        return purse.fact(end, about, purse.works[about].hold)

    def granted(self, purse: Purse, invoice: str, line: Grant) -> Fact:
        """Once a line; a top-up fills the plan bucket, all else is added."""
        purse.lines.add((invoice, line.line))
        usual = "purchased" if line.kind == "credit_package" else "plan"
        bucket, deal = line.bucket or usual, self.plans.get(line.code)
        policy = line.policy or ("top_up" if deal and deal.tops_up else "accumulate")
        added, allocated = line.credits, self.allocation(purse)
        if line.kind == "subscription":
            purse.allocation = line.credits
            if policy == "top_up" and bucket == "plan":
                added = max(0, line.credits - purse.buckets()[0])
        if added:
            deltas = (added, 0) if bucket == "plan" else (0, added)
            purse.entries.append(Entry(*deltas, f"{self.now:%Y-%m}", is_charge=False))
        purse.version += bool(added) or self.allocation(purse) != allocated
        return purse.fact("granted", f"{invoice}:{line.line}", added)

    def allocation(self, purse: Purse) -> int:
        deal = self.plans.get(purse.plan[1] or "")
        return deal.credits if deal else purse.allocation

    def planned(self, said: PlanUpdated) -> None:
        known = self.plans.get(said.plan_code, Deal(-1, 0, tops_up=False))
        if said.version > known.version:
            policy = said.renewal_policy or ("top_up" if known.tops_up else "accumulate")
            deal = Deal(said.version, said.included_credits, tops_up=policy == "top_up")
            self.plans[said.plan_code] = deal

    def state(self, account: str) -> State:
        purse, month = self.purses[account], f"{self.now:%Y-%m}"
        spent = [e for e in purse.entries if e.is_charge and e.month == month]
        return State(
            account,
            purse.buckets(),
            purse.held(),
            purse.available(),
            purse.plan[1] or "free",
            self.allocation(purse),
            -sum(e.plan + e.purchased for e in spent),
            month,
            purse.status[1],
            len(purse.entries),
            purse.version,
        )


def shared_out(about: str, work: Work, bill: Bill, status: str) -> Iterator[Used]:
    """P10: what was charged is shared out to the lines, the first first."""
    left, tokens = work.charged, bill.tokens
    for line in bill.lines:
        paid = min(left, line.credits)
        yield Used(
            about,
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
        )
        left, tokens = left - paid, (None, None)


def extended(purse: Purse, said: ExtensionRequested) -> Answer:
    """A longer life, counted from the start; the same one twice is one."""
    work = purse.works.get(said.operation_id or "")
    if work is None or work.asked is None:
        return Answer(said.subject, "not.found")
    until = work.since + timedelta(seconds=said.extend_s)
    is_repeat = work.is_extended and until == work.until
    if work.state != "held" and not is_repeat:
        return Answer(said.subject, "conflict", state=work.state)
    if until > work.until:
        work.until, work.is_extended = until, True
    return Answer(said.subject, replayed=is_repeat, until=work.until)


def follow(purse: Purse, said: Message) -> None:
    """What invoicing says of an account: the latest counts."""
    match said:
        case AccountOpened() if purse.plan[1] is None:
            purse.plan = purse.plan[0], "free"
        case AccountStatusChanged() if said.version > purse.status[0]:
            purse.status = said.version, said.status
        case SubscriptionStateChanged() if said.version > purse.plan[0]:
            purse.plan = said.version, said.plan_code if said.status in LIVE else "free"
        case _:
            return
    purse.version += 1
