"""The demo tells the truth: it is content with a healthy run, and with no other."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from uuid import UUID

import msgspec
import pytest
import uvloop

from deploy.demo import checks, command, figures, rule, summary, trace
from deploy.demo.story import Run
from deploy.local import worker
from deploy.local.cache import ROOT
from shared.contracts.errors import unavailable
from shared.contracts.message import Reply
from tests.deploy.conftest import Operator

CALLS, SEED = 600, 7
RUN = UUID(int=1)
PATIENCE_SECONDS = 240

Tamper = Callable[[Run], object]


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    with worker.running("credits", environment), worker.running("limits", environment):
        yield environment


@pytest.fixture(scope="module")
def healthy(served: dict[str, str]) -> Run:
    """The first minutes of the hour, in a system that works."""
    calls, customers = trace.read()[:CALLS], rule.customers(RUN)
    jobs = rule.deal(calls, customers, RUN, SEED)
    return uvloop.run(command.play(served, jobs, customers))[0]


def contradicted(run: Run) -> list[str]:
    return [check.says for check in checks.check(run) if check.contradictions]


def test_nothing_contradicts_a_healthy_run(healthy: Run) -> None:
    assert contradicted(healthy) == []
    assert healthy.journal.answered == CALLS
    assert healthy.journal.repeats > 0
    assert any(fact.late for fact in healthy.evidence.charges.values())


def a_charge(run: Run) -> str:
    return next(iter(run.evidence.charges))


def loses_a_charge(run: Run) -> None:
    del run.evidence.charges[a_charge(run)]


def charges_a_credit_more(run: Run) -> None:
    name = a_charge(run)
    fact = run.evidence.charges[name]
    run.evidence.charges[name] = msgspec.structs.replace(fact, charged=fact.charged + 1)


def charges_what_was_refused(run: Run) -> None:
    run.journal.reported.remove(a_charge(run))


def loses_a_row_of_the_usage_log(run: Run) -> None:
    charged = {row.operation_id for row in run.evidence.rows if row.credits_used}
    kept = [row for row in run.evidence.rows if row.operation_id != min(charged)]
    run.evidence.rows[:] = kept


def answers_twice(run: Run) -> None:
    next(iter(run.evidence.answers.values())).add("another")


def loses_an_answer(run: Run) -> None:
    run.evidence.answers.popitem()


def answers_that_it_cannot(run: Run) -> None:
    job = run.jobs[0]
    run.journal.holds.pop(job.operation_id, None)
    reply = Reply(command="", id=job.operation_id, status="error", error=unavailable())
    run.journal.write(job, reply)


def forgets_a_payment(run: Run) -> None:
    run.customers[0].paid.clear()


def knows_no_balance(run: Run) -> None:
    del run.balances[run.customers[0].account_id]


def answers_a_repeat_otherwise(run: Run) -> None:
    run.journal.unlike += 1


def sets_a_record_aside(run: Run) -> None:
    run.evidence.dead_letters += 1


@pytest.mark.parametrize(
    "tamper",
    [
        loses_a_charge,
        charges_a_credit_more,
        charges_what_was_refused,
        loses_a_row_of_the_usage_log,
        answers_twice,
        loses_an_answer,
        answers_that_it_cannot,
        forgets_a_payment,
        knows_no_balance,
        answers_a_repeat_otherwise,
        sets_a_record_aside,
    ],
)
def test_the_demo_notices_a_system_that(tamper: Tamper, healthy: Run) -> None:
    broken = deepcopy(healthy)
    tamper(broken)
    assert contradicted(broken) != []


def test_everything_that_happened_is_told(healthy: Run) -> None:
    console = summary.console()
    with console.capture() as told:
        summary.tell(console, healthy)
    assert all(spread.action in told.get() for spread in figures.spreads(healthy))
    assert max(len(line) for line in told.get().splitlines()) <= summary.WIDTH


def test_the_same_seed_deals_the_same_hand() -> None:
    calls, customers = trace.read(), rule.customers(RUN)
    hands = [rule.deal(calls, customers, RUN, seed) for seed in (1, 1, 2)]
    assert hands[0] == hands[1] != hands[2]
    assert len(hands[0]) == 28_185


def test_the_example_that_the_demo_ends_with_runs(served: dict[str, str]) -> None:
    example = subprocess.run(
        [sys.executable, "-"],
        input=summary.FIRST_STEPS.read_text(),
        env=served,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert example.stdout.splitlines() == [
        "an article: ok, 60 credits are held",
        "it is written: 453 of 500 credits are left",
    ]


def test_the_demo_ends_well_and_leaves_nothing_behind(operator: Operator) -> None:
    told = subprocess.run(
        operator.command("demo", "--calls", "300"),
        env=operator.surroundings,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "✗" not in told.stdout
    assert operator.leftovers() == []
    assert list(operator.data.iterdir()) == []
