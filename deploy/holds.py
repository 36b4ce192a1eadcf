"""`igny8 holds`: how well holds fit what real calls used; writes docs/holds.md."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple, TypeAlias
from uuid import UUID

import typer

from deploy.demo import rule, trace
from deploy.demo.rule import Job
from deploy.local.cache import ROOT
from services.credits.prices import Config, Model, PriceList
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES
from shared.contracts.credits import Done, Estimate

PAGE = ROOT / "docs" / "holds.md"
RUN = UUID(int=0)
SEED = 1
MARGIN = 20
MARGINS = (0, 10, 20, 30, 50, 100, 200)

BEGIN = """\
# Holds that fit

Made by `igny8 holds` on {day}: {calls:,} calls of two real LLM services (`data/llm_traces/`), dealt
out to operations and models by the rule of the demo, seed {seed}, at the prices at the start.
Images, pages and models that are switched off are left out: their holds are exact, or none.
Required and actual are in credits (P7, P2).

## A margin of {margin} %, by operation and model

The estimate: the prompt as counted, the output as it was on average until then.
"""
OTHERS = """
## Other margins

With the same estimate; then with none at all, which is the defaults of the operation.
"""
END = """
*Actual* is in percent of what was required. *In vain*: of all credits that were held, those that
came back. *Missed*: of all credits that were used, those that their hold did not cover; they come
from free balance, and are shortfall where there is none. A multiplier below 1 brings most
operations to their minimum, which no estimate misses.

## What follows for a margin

- An estimate is worth more than any margin: with the defaults alone two of three credits are held
  in vain, and still one of seven is missed.
- With one, the margin that fits is that of the operation and its model: what 99 of 100 calls stay
  below (the column p99). Where that is 100 %, because the minimum counts, a margin only freezes
  credits; elsewhere it is a quarter to a third.
- So it is to be computed from the last thousand charged operations of each pair, whoever's they
  are, and to be 20 % where there are fewer.
"""

EstimateOf: TypeAlias = Callable[[Job], Estimate | None]

app = typer.Typer()


class Fit(NamedTuple):
    """One call: what was thought to be required, and what it cost; in credits."""

    operation: str
    model: str
    required: int
    actual: int

    def held(self, margin: int) -> int:
        return -(-self.required * (100 + margin) // 100)


class Figures(NamedTuple):
    """How holds of one margin fit some calls."""

    calls: int
    percentiles: Sequence[int]  # Of actual in percent of required: p5, p50, p95, p99.
    exceeded: int  # Calls that cost more than was held.
    held: int
    in_vain: int  # Credits that were held and not used.
    actual: int
    missed: int  # Credits that were used and not held.


@app.command(name="holds")
def command(
    to: Annotated[Path, typer.Option(help="The page that is written.")] = PAGE,
) -> None:
    """Compare estimates with what the calls of the traces used, and write the page."""
    to.write_text(page(datetime.now(UTC)), encoding="utf-8")
    typer.echo(f"wrote {to}")


def page(now: datetime) -> str:
    known, defaults = list(fits(estimated)), list(fits(not_estimated))
    begin = BEGIN.format(day=now.date(), calls=len(known), seed=SEED, margin=MARGIN)
    parts = (
        [begin],
        table("operation, model", by_kind(known)),
        [OTHERS],
        table("margin, estimate known", by_margin(known)),
        [""],
        table("margin, defaults only", by_margin(defaults)),
        [END],
    )
    return "\n".join(line for part in parts for line in part)


def fits(estimate_of: EstimateOf) -> Iterator[Fit]:
    prices = PriceList(
        1,
        {row.operation_type: Config.of(row) for row in COST_CONFIGS},
        {row.model: Model.of(row) for row in MODEL_PRICES},
    )
    for job in rule.deal(trace.read(), rule.customers(RUN), RUN, SEED):
        config = prices.configs[job.work.operation_type]
        model = prices.models.get(job.work.model or "")
        if config.mode == "tokens" and model is not None and model.is_active:
            required = prices.required(config, estimate_of(job), model)
            used = prices.used(config, done(job), model, 0)
            yield Fit(config.operation_type, model.name, required, used.credits)


def estimated(job: Job) -> Estimate | None:
    return job.work.estimate


def not_estimated(job: Job) -> Estimate | None:
    del job
    return None


def done(job: Job) -> Done:
    return Done(tokens_input=job.call.tokens_input, tokens_output=job.call.tokens_output)


def by_kind(known: Sequence[Fit]) -> Iterator[tuple[str, Figures]]:
    kinds = sorted({(fit.operation, fit.model) for fit in known})
    for operation, model in kinds:
        own = [fit for fit in known if (fit.operation, fit.model) == (operation, model)]
        yield f"`{operation}`, `{model}`", figures(own, MARGIN)
    yield "all", figures(known, MARGIN)


def by_margin(known: Sequence[Fit]) -> Iterator[tuple[str, Figures]]:
    for margin in MARGINS:
        yield f"{margin} %", figures(known, margin)


def figures(fits: Sequence[Fit], margin: int) -> Figures:
    shares = sorted(fit.actual * 100 // fit.required for fit in fits)
    return Figures(
        calls=len(fits),
        percentiles=[shares[len(shares) * p // 100] for p in (5, 50, 95, 99)],
        exceeded=sum(fit.actual > fit.held(margin) for fit in fits),
        held=sum(fit.held(margin) for fit in fits),
        in_vain=sum(max(0, fit.held(margin) - fit.actual) for fit in fits),
        actual=sum(fit.actual for fit in fits),
        missed=sum(max(0, fit.actual - fit.held(margin)) for fit in fits),
    )


def table(first: str, rows: Iterable[tuple[str, Figures]]) -> Iterator[str]:
    names = "calls", "actual p5", "p50", "p95", "p99", "calls above the hold", "in vain", "missed"
    yield f"| {first} | {' | '.join(names)} |"
    yield "|---|" + "---:|" * len(names)
    for name, found in rows:
        shares = " | ".join(f"{share:,} %" for share in found.percentiles)
        parts = (
            percent(found.exceeded, found.calls),
            percent(found.in_vain, found.held),
            percent(found.missed, found.actual),
        )
        yield f"| {name} | {found.calls:,} | {shares} | {' | '.join(parts)} |"


def percent(part: int, whole: int) -> str:
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"
