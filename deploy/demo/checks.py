"""What must be true after a run, worked out anew from what was sent and what was answered."""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from deploy.demo.prices import credits_of, usd_of
from deploy.demo.story import Run


class Check(NamedTuple):
    """One sentence, how much it was tried on, and what contradicts it."""

    says: str
    tried: str
    contradictions: list[str]


def unlike(*compared: tuple[str, object, object]) -> list[str]:
    """Contradictions: what it is, what was found, and what is due."""
    return [f"{what}: {found}, not {due}" for what, found, due in compared if found != due]


def check(run: Run) -> list[Check]:
    return [make(run) for make in CHECKS]


def answers(run: Run) -> Check:
    """Whoever asked was answered once; the same answer may have been sent twice."""
    found, sent = run.evidence.answers, run.journal.requests
    wrong = [f"{len(ids)} answers to {name}" for name, ids in found.items() if len(ids) != 1]
    if len(found) != sent:
        wrong.append(f"{len(found):,} of {sent:,} requests were answered")
    if run.journal.answered != len(run.jobs):
        wrong.append(f"{run.journal.answered:,} of {len(run.jobs):,} operations were answered")
    wrong += [
        f"{refusal.job.operation_id}: {refusal.error.message}"
        for refusal in run.journal.refusals.values()
        if refusal.error.code == "unavailable"
    ]
    return Check("Every request has its one final answer", f"{sent:,} requests", wrong)


def repeats(run: Run) -> Check:
    unlike = run.journal.unlike
    wrong = [f"{unlike} were answered otherwise"] if unlike else []
    tried = f"{run.journal.repeats:,} repeats"
    return Check("A request that comes twice is answered twice alike, and done once", tried, wrong)


def charges(run: Run) -> Check:
    charged, reported = run.evidence.charges.keys(), run.journal.reported
    wrong = [f"{name} was never charged" for name in reported - charged]
    wrong += [f"{name} was charged, and never reported" for name in charged - reported]
    says = "What was done is charged once; what failed or was refused is not"
    return Check(says, f"{len(reported):,} charges", wrong)


def prices(run: Run) -> Check:
    """Credits by the price list, USD to eight places: both computed once more by hand."""
    rows: dict[str, list[Decimal]] = defaultdict(list)
    for row in run.evidence.rows:
        rows[row.operation_id].append(Decimal(row.cost_usd or "NaN"))
    jobs = {job.operation_id: job for job in run.jobs}
    wrong = []
    for name, fact in run.evidence.charges.items():
        due, asked = credits_of(jobs[name]), fact.charged + fact.shortfall
        cost, usd = usd_of(jobs[name]), sum(rows[name])
        if (asked, usd) != (due, cost):
            wrong.append(f"{name} cost {asked} credits and ${usd}, not {due} and ${cost}")
    says = "Every price is the price list's, in credits and in USD to eight places"
    return Check(says, f"{len(run.evidence.charges):,} prices", wrong)


def balances(run: Run) -> Check:
    """What was paid for, less what was charged, is what the account says it has."""
    spent: dict[str, int] = defaultdict(int)
    for fact in run.evidence.charges.values():
        spent[fact.account_id] += fact.charged
    wrong = []
    for customer in run.customers:
        name = customer.account_id
        balance = run.balances.get(name)
        left = sum(grant.credits for grant in customer.paid) - spent[name]
        if balance is None or (balance.credits, balance.held) != (left, 0):
            has = f"{balance.credits} and holds {balance.held}" if balance else "no balance"
            wrong.append(f"{name} has {has}, not {left} and 0")
    says = "Every balance is what was paid less what was charged, and nothing is held"
    return Check(says, f"{len(run.customers)} accounts", wrong)


def usage_log(run: Run) -> Check:
    rows: dict[str, int] = defaultdict(int)
    for row in run.evidence.rows:
        rows[row.operation_id] += row.credits_used
    wrong = [
        f"{name} was charged {fact.charged} credits, its usage rows say {rows[name]}"
        for name, fact in run.evidence.charges.items()
        if fact.charged != rows[name]
    ]
    says = "The usage log adds up to the ledger, operation by operation"
    return Check(says, f"{len(run.evidence.rows):,} rows", wrong)


def dead_letters(run: Run) -> Check:
    count = run.evidence.dead_letters
    wrong = [f"{count} records were set aside"] if count else []
    sent = run.journal.requests + run.journal.events
    return Check("Nothing that was sent is unreadable", f"{sent:,} records", wrong)


CHECKS: tuple[Callable[[Run], Check], ...] = (
    answers,
    repeats,
    charges,
    prices,
    balances,
    usage_log,
    dead_letters,
)
