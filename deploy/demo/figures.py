"""What can be counted about a run: sums, quantiles and ranks, ready to be shown."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from deploy.demo.journal import Refusal
from deploy.demo.rule import Customer
from deploy.demo.story import Run
from deploy.demo.trace import Call, Service
from shared.contracts.credits import UsageRow

SECONDS_A_MINUTE = 60


@dataclass(slots=True)
class Used:
    """What one action used with one model."""

    operations: int = 0
    failed: int = 0
    credits: int = 0
    usd: Decimal = Decimal()
    tokens: int = 0

    def add(self, row: UsageRow) -> None:
        self.operations += row.status != "failed"
        self.failed += row.status == "failed"
        self.credits += row.credits_used
        self.usd += Decimal(row.cost_usd or 0)
        self.tokens += (row.tokens_input or 0) + (row.tokens_output or 0)


def by_action(run: Run) -> list[tuple[str, str, Used]]:
    """Action, model and use: the action that cost the most comes first."""
    found: dict[tuple[str, str], Used] = defaultdict(Used)
    for row in run.evidence.rows:
        found[row.label, row.model_used or "none"].add(row)
    of_action: Counter[str] = Counter()
    for (label, _), used in found.items():
        of_action[label] += used.credits
    return sorted(
        ((label, model, used) for (label, model), used in found.items()),
        key=lambda line: (-of_action[line[0]], line[0], -line[2].credits),
    )


def odd_ends(run: Run) -> tuple[str, str, str]:
    """What did not go as it usually does, in words."""
    journal, charges = run.journal, run.evidence.charges
    fates = Counter(job.fate for job in run.jobs if job.operation_id in journal.holds)
    late = sum(fact.late for fact in charges.values())
    ended = (
        f"{len(charges):,} charged, {fates['failed']:,} failed, {fates['cancelled']:,} cancelled"
    )
    odd = f"{late:,} of the charges came after a cancelling or before the request"
    more = f"{journal.repeats:,} were asked for twice, {journal.extended:,} were given more time"
    return ended, odd, more


class Standing(NamedTuple):
    """How one account came out of the hour."""

    customer: Customer
    operations: int
    credits: int
    left: int
    refused: int


def standings(run: Run) -> list[Standing]:
    """The accounts that were charged the most come first."""
    asked = Counter(job.customer.account_id for job in run.jobs)
    refused = Counter(x.job.customer.account_id for x in run.journal.refusals.values())
    charged: Counter[str] = Counter()
    for fact in run.evidence.charges.values():
        charged[fact.account_id] += fact.charged
    found = [
        Standing(one, asked[name], charged[name], run.balances[name].credits, refused[name])
        for one in run.customers
        if (name := one.account_id) in run.balances
    ]
    return sorted(found, key=lambda standing: -standing.credits)


class Spread(NamedTuple):
    """Of one action: the ratios of actual use to what was held, and how many were above it."""

    action: str
    ratios: Sequence[float]  # Rising.
    above: int
    shortfall: int  # Credits, also of what was late.


def spreads(run: Run) -> list[Spread]:
    """Only what is priced by tokens, and in time, was estimated and then used."""
    ratios: dict[str, list[float]] = defaultdict(list)
    short: Counter[str] = Counter()
    for job in run.jobs:
        name = job.operation_id
        hold, fact = run.journal.holds.get(name), run.evidence.charges.get(name)
        if fact is None or job.work.estimate.tokens_input is None:
            continue
        short[fact.operation_type] += fact.shortfall
        if hold and not fact.late:
            ratios[fact.operation_type].append((fact.charged + fact.shortfall) / hold.held)
    return [
        Spread(action, sorted(found), sum(ratio > 1 for ratio in found), short[action])
        for action, found in sorted(ratios.items(), key=lambda item: -len(item[1]))
    ]


def refusals(run: Run) -> list[tuple[int, Refusal]]:
    """How often each kind of refusal was given, with the one that says the most."""
    kinds: dict[str, list[Refusal]] = defaultdict(list)
    for refusal in run.journal.refusals.values():
        kinds[refusal.error.code].append(refusal)
    return [
        (len(found), max(found, key=lambda refusal: refusal.error.shortfall or 0))
        for _, found in sorted(kinds.items(), key=lambda item: -len(item[1]))
    ]


def a_minute(calls: Iterable[Call], service: Service) -> list[int]:
    """How many calls of a service came in each minute of the hour."""
    counted = Counter(int(x.second / SECONDS_A_MINUTE) for x in calls if x.service == service)
    return [counted[minute] for minute in range(max(counted, default=-1) + 1)]


def quantile(rising: Sequence[float], part: float) -> float:
    return rising[min(len(rising) - 1, int(len(rising) * part))] if rising else 0.0


def squeezed(values: Sequence[int], width: int) -> list[int]:
    """At most so many values, each the sum of its neighbours."""
    step = -(-len(values) // width) or 1
    return [sum(values[start : start + step]) for start in range(0, len(values), step)]
