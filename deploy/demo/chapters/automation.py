"""An automation run: one hold for all of its stages, settled one by one; and one too many."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple
from uuid import uuid4

from rich.console import Console

from deploy.demo import prices
from deploy.demo.chapters.listening import Listener
from deploy.demo.checks import Check, unlike
from deploy.demo.summary import advice, columns, heading, say
from shared.client import Client
from shared.contracts.credits import (
    ApprovedRun,
    Balance,
    CreditsGranted,
    CreditsReleased,
    ImageCount,
    PlannedStage,
    RunClosed,
    RunCompleted,
    RunReplied,
    RunRequested,
    StageCharged,
    StageCompleted,
    StageOperation,
)
from shared.contracts.credits.queries import AskBalance
from shared.contracts.errors import Error
from shared.contracts.invoicing import Grant, InvoicePaid

BOUGHT = Grant(line=1, kind="credit_package", credits=2_000, code="pro")
MODEL = "gpt-5.1"
MARGIN = 1.2  # What is held for a run, times its estimate.
TIMES = 5  # The second run is so many times larger.


class Stage(NamedTuple):
    """Of what is so much made, and which tokens it took; an image takes none."""

    operation_type: str
    items: int
    tokens: Sequence[tuple[int, int]] = ()


STAGES = (
    Stage("clustering", 1, [(820, 980)]),
    Stage("idea_generation", 1, [(1300, 1500)]),
    Stage(
        "content_generation",
        5,
        [(2050, 3150), (1980, 2900), (2100, 3420), (2010, 3190), (1960, 3440)],
    ),
    Stage(
        "image_prompt_extraction", 5, [(480, 910), (510, 880), (500, 920), (470, 890), (520, 870)]
    ),
    Stage("image_generation", 15),
)


class Automation(NamedTuple):
    """Both runs as their account has seen them."""

    approved: ApprovedRun | None
    charged: Sequence[StageCharged]
    closed: Sequence[RunClosed]
    released: Sequence[CreditsReleased]
    balance: Balance | None  # After the first, and before the second.
    refusal: Error | None


async def play(client: Client, listener: Listener) -> Automation:
    account, run = str(uuid4()), str(uuid4())
    paid = InvoicePaid(account_id=account, invoice_id=str(uuid4()), grants=[BOUGHT])
    await client.publish([paid])
    await listener.hear(CreditsGranted, account)
    reply = await client.request(request(account, run))
    await client.publish([report(account, run, number) for number in range(1, len(STAGES) + 1)])
    charged = await listener.hear(StageCharged, account, len(STAGES))
    await client.publish([RunCompleted(account_id=account, run_id=run)])
    closed = await listener.hear(RunClosed, account)
    released = await listener.hear(CreditsReleased, account)
    balance = (await client.ask(AskBalance(), account)).data
    return Automation(
        reply.data if isinstance(reply, RunReplied) else None,
        charged,
        closed,
        released,
        balance if isinstance(balance, Balance) else None,
        (await client.request(request(account, str(uuid4()), TIMES))).error,
    )


def request(account: str, run: str, times: int = 1) -> RunRequested:
    stages = [
        PlannedStage(
            stage=number,
            operation_type=stage.operation_type,
            count=stage.items * times,
            quality=None if stage.tokens else "basic",
        )
        for number, stage in enumerate(STAGES, 1)
    ]
    return RunRequested(account_id=account, run_id=run, stages=stages)


def report(account: str, run: str, number: int) -> StageCompleted:
    stage = STAGES[number - 1]
    texts = [
        StageOperation(
            operation_id=str(uuid4()), model_used=MODEL, tokens_input=given, tokens_output=made
        )
        for given, made in stage.tokens
    ]
    images = [ImageCount(quality="basic", count=stage.items)]
    done = texts or [StageOperation(operation_id=str(uuid4()), images=images)]
    return StageCompleted(account_id=account, run_id=run, stage=number, operations=done)


def estimate_of(stage: Stage) -> int:
    """By hand: the usual tokens of its operation, or the images."""
    each = prices.usual(stage.operation_type) if stage.tokens else prices.of_images("basic", 1)
    return stage.items * each


def charge_of(stage: Stage) -> int:
    """By hand: each operation is rounded by itself."""
    if not stage.tokens:
        return prices.of_images("basic", stage.items)
    return sum(prices.of_tokens(stage.operation_type, MODEL, sum(used)) for used in stage.tokens)


def settled(found: Automation) -> Check:
    """What was held, charged and freed, against the price list."""
    estimates, charges = [estimate_of(x) for x in STAGES], [charge_of(x) for x in STAGES]
    held, left = ceil(sum(estimates) * MARGIN), BOUGHT.credits - sum(charges)
    run, balance, ends = found.approved, found.balance, found.closed
    wrong = unlike(
        ("estimates of the stages", run and [x.estimated for x in run.per_stage], estimates),
        ("held for the run", run and run.held, held),
        ("charges of the stages", [x.credits for x in by_stage(found)], charges),
        ("ends of the run", [(x.state, x.charged) for x in ends], [("completed", sum(charges))]),
        ("freed at its end", [x.released for x in found.released], [held - sum(charges)]),
        ("balance and holds", balance and (balance.credits, balance.held), (left, 0)),
    )
    operations = sum(fact.operations for fact in found.charged)
    says = "A run is held once, charged by the price list, and its rest is free again"
    return Check(says, f"{operations} operations", wrong)


def by_stage(found: Automation) -> list[StageCharged]:
    return sorted(found.charged, key=lambda fact: fact.stage)


def fitting(found: Automation) -> Check:
    """Stages fit as long as their sum does."""
    estimates = [TIMES * estimate_of(stage) for stage in STAGES]
    left = BOUGHT.credits - sum(charge_of(stage) for stage in STAGES)
    fit = [number for number in range(1, len(STAGES) + 1) if sum(estimates[:number]) <= left]
    error = found.refusal
    wrong = unlike(
        ("the answer", error and error.code, "run.credits.insufficient"),
        ("what it needs", error and error.required, sum(estimates)),
        ("the stages that fit", error and list(error.fitting_stages or ()), fit),
    )
    says = "A run that is too much is refused, with the stages that would fit"
    return Check(says, f"{len(STAGES)} stages", wrong)


def tell(to: Console, found: Automation) -> None:
    run = found.approved
    heading(to, "An automation run: one hold for five stages, charged as each is reported")
    if run is not None:
        free = f"{run.available_after:,} of {BOUGHT.credits:,} stay free for other work."
        say(to, f"{run.estimated:,} credits are estimated, {run.held:,} held; {free}")
    table = columns("stage", "", "items", "estimated", "charged", "still held", left=(0, 1))
    for fact in by_stage(found):
        stage = STAGES[fact.stage - 1]
        table.add_row(
            f"{fact.stage}",
            stage.operation_type,
            f"{stage.items}",
            f"{estimate_of(stage)}",
            f"{fact.credits}",
            f"{fact.run_remaining}",
        )
    say(to, table)
    for end in found.closed:
        left = f"; the account has {found.balance.credits:,}" if found.balance else ""
        say(to, f"It ends {end.state}: {end.charged} charged, {end.released} free again{left}.")
    if found.refusal is not None:
        tell_refusal(to, found.refusal)


def tell_refusal(to: Console, error: Error) -> None:
    fit = ", ".join(f"{number}" for number in error.fitting_stages or ()) or "none"
    say(to, f"The same again, {TIMES} times as large: [bold yellow]{error.title}[/]")
    say(to, advice(error))
    say(to, f"Stages that would fit: {fit}.")
