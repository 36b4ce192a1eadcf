"""The end of the story: what one likes to read when it is over."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.demo import figures
from deploy.demo.checks import Check
from deploy.demo.replay import AT_ONCE
from deploy.demo.rule import STATED
from deploy.demo.showing import sparkline
from deploy.demo.story import Run
from deploy.demo.trace import Call, Service
from shared.contracts.errors import Error

WIDTH = 100
MARGIN = 2
SPARK_WIDTH = 60
TOP_ACCOUNTS, DRY_ACCOUNTS = 6, 3
SHOWN_OF_AN_ID = 8
MOST_CONTRADICTIONS = 3
NAMES: Mapping[Service, str] = {"conv": "conversation", "code": "coding"}
FIRST_STEPS = Path(__file__).with_name("first_steps.py")


def console() -> Console:
    """As wide as a page, or as the terminal is; colours only there."""
    screen = Console(highlight=False)
    screen.width = min(WIDTH, screen.width) if screen.is_terminal else WIDTH
    return screen


def heading(to: Console, text: str) -> None:
    to.print()
    to.print(Text(text, style="bold cyan"))


def say(to: Console, text: str | Table | Text) -> None:
    to.print(Padding(text, (0, 0, 0, MARGIN), expand=False))


def introduce(to: Console, calls: Sequence[Call], seed: int) -> None:
    """Before it begins: the traffic, and the rule that deals it out."""
    heading(
        to, f"{len(calls):,} real calls of two LLM services, one hour of 2023 (Azure, CC BY 4.0)"
    )
    table = columns("service", "calls", "peak", "calls a minute")
    for service, name in NAMES.items():
        minutes = figures.a_minute(calls, service)
        table.add_row(name, f"{sum(minutes):,}", f"{max(minutes):,}", sparkline(minutes))
    say(to, table)
    heading(to, f"The calls know no customer and no model: this rule deals them out (seed {seed})")
    say(to, STATED)
    to.print()


def columns(*names: str, left: Sequence[int] = (0, -1)) -> Table:
    """A table without lines: first and last column at the left, unless said otherwise."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    texts = {index % len(names) for index in left}
    for index, name in enumerate(names):
        table.add_column(name, justify="left" if index in texts else "right", no_wrap=True)
    return table


def tell(to: Console, run: Run) -> None:
    show_speed(to, run)
    show_actions(to, run)
    show_refusals(to, run)
    show_accounts(to, run)
    show_estimates(to, run)


def show_speed(to: Console, run: Run) -> None:
    speed, journal = run.speed, run.journal
    heading(to, "The run")
    among, alone = sorted(speed.among_many), sorted(speed.alone)
    rate = speed.operations / speed.seconds
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_row(
        "operations",
        f"[bold]{rate:,.0f} a second[/]: {speed.operations:,} in {speed.seconds:.1f} s, "
        "from the first answer to the last charge",
    )
    table.add_row("", f"{journal.requests:,} requests and {journal.events:,} reports were sent")
    table.add_row("answers", f"{times(among)} with {AT_ONCE:,} requests under way")
    table.add_row("", f"{times(alone)} one at a time")
    beats = figures.squeezed(speed.beats, SPARK_WIDTH)
    table.add_row("answers over time", sparkline(beats))
    for name, text in zip(("what became of it", "", ""), figures.odd_ends(run), strict=True):
        table.add_row(name, text)
    say(to, table)


def times(rising: Sequence[float]) -> str:
    p50, p99 = (figures.quantile(rising, part) * 1000 for part in (0.5, 0.99))
    return f"p50 {p50:,.0f} ms, p99 {p99:,.0f} ms"


def show_actions(to: Console, run: Run) -> None:
    heading(to, "Credits and USD by action and model")
    table = columns(
        "action", "model", "done", "failed", "tokens", "credits", "cost in USD", left=(0, 1)
    )
    all_of_it, previous = figures.Used(), ""
    for label, model, used in figures.by_action(run):
        table.add_row("" if label == previous else label, model, *cells(used))
        previous = label
        all_of_it.operations += used.operations
        all_of_it.failed += used.failed
        all_of_it.tokens += used.tokens
        all_of_it.credits += used.credits
        all_of_it.usd += used.usd
    table.add_row("[bold]all", "", *(f"[bold]{cell}" for cell in cells(all_of_it)))
    say(to, table)


def cells(used: figures.Used) -> tuple[str, ...]:
    tokens = f"{used.tokens:,}" if used.tokens else ""
    failed = f"{used.failed:,}" if used.failed else ""
    return f"{used.operations:,}", failed, tokens, f"{used.credits:,}", f"{used.usd:,.2f}"


def show_refusals(to: Console, run: Run) -> None:
    count = len(run.journal.refusals)
    heading(to, f"{count:,} refusals, each with what to do about it; of every kind one")
    for times, refusal in figures.refusals(run):
        say(to, Text.assemble((refusal.error.title, "bold yellow"), f"  {times:,} times"))
        say(to, advice(refusal.error))
    bought = run.journal.purchases
    if bought:
        text = (
            f"{len(bought)} accounts took the advice {bought.total()} times, and went on working."
        )
        say(to, text)


def advice(error: Error) -> Text:
    named = [f"{action.label}" for action in error.actions]
    lines = [error.message, *(f"- {suggestion.text}" for suggestion in error.suggestions)]
    lines += [f"[{'] ['.join(named)}]"] if named else []
    return Text("\n".join(textwrap.fill(line, WIDTH - 2 * MARGIN) for line in lines))


def show_accounts(to: Console, run: Run) -> None:
    found = figures.standings(run)
    dry = sum(standing.refused > 0 and standing.customer.is_small for standing in found)
    heading(to, f"The busiest of {len(found)} accounts, and of those that ran dry ({dry})")
    table = columns("account", "pays for", "operations", "credits", "left", "refused", left=(0, 1))
    small = [standing for standing in found if standing.customer.is_small and standing.refused]
    for standing in (*found[:TOP_ACCOUNTS], *small[:DRY_ACCOUNTS]):
        table.add_row(
            standing.customer.account_id[:SHOWN_OF_AN_ID],
            paid_for(standing),
            f"{standing.operations:,}",
            f"{standing.credits:,}",
            f"{standing.left:,}",
            f"{standing.refused:,}",
        )
    say(to, table)


def paid_for(standing: figures.Standing) -> str:
    first, *more = standing.customer.paid
    words = "plan" if first.kind == "subscription" else "package"
    return f"{first.code} {words}" + (f" and {len(more)} more" if more else "")


def show_estimates(to: Console, run: Run) -> None:
    heading(to, "How far estimates were from use: charged, as a part of what was held")
    table = columns(
        "action", "holds", "p5", "p50", "p95", "p99", "hold too small", "short of", left=(0,)
    )
    for spread in figures.spreads(run):
        quantiles = [figures.quantile(spread.ratios, part) for part in (0.05, 0.5, 0.95, 0.99)]
        table.add_row(
            spread.action,
            f"{len(spread.ratios):,}",
            *(f"{ratio:.2f}" for ratio in quantiles),
            f"{100 * spread.above / len(spread.ratios):.1f} %",
            f"{spread.shortfall:,} credits" if spread.shortfall else "",
        )
    say(to, table)
    told = run.evidence.alerts.total()
    say(to, "A hold is 1.2 times its estimate, so 0.83 is exact. What it lacks comes from what is")
    say(to, f"free; without that the account ends at 0, and operators are told ({told} times).")


def judge(to: Console, checks: Sequence[Check]) -> bool:
    """Show what holds and what does not; whether all of it holds."""
    heading(to, "Worked out once more, by hand and by `igny8 verify`")
    for check in checks:
        mark = ("✗", "bold red") if check.contradictions else ("✓", "bold green")
        room = " " * max(2, to.width - MARGIN - len(check.says) - len(check.tried) - 2)
        say(to, Text.assemble(mark, f" {check.says}", room, (check.tried, "dim")))
        for contradiction in check.contradictions[:MOST_CONTRADICTIONS]:
            to.print(Padding(Text(contradiction, style="red"), (0, 0, 0, 2 * MARGIN), expand=False))
        if more := len(check.contradictions[MOST_CONTRADICTIONS:]):
            say(to, Text(f"  and {more:,} more", style="red"))
    return not any(check.contradictions for check in checks)


def conclude(to: Console, *, holds: bool, seconds: float) -> None:
    """The last word, and what to try next: code that runs."""
    to.print()
    if not holds:
        to.print(Text("Something does not hold: see the ✗ above.", style="bold red"))
        return
    to.print(Text(f"All of it holds, after {seconds:.0f} s.", style="bold green"))
    heading(to, "Try it yourself: copy this into a shell")
    to.print(
        "\n".join(
            (
                ".venv/bin/igny8 up --detach",
                "(set -a; . .igny8/env; .venv/bin/python - <<'END'",
                FIRST_STEPS.read_text().rstrip(),
                "END",
                ")",
                ".venv/bin/igny8 verify; .venv/bin/igny8 down",
            )
        ),
        markup=False,
        soft_wrap=True,
    )
