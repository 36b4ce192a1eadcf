"""Where the credits of one account went, as a chart, and how its month will end."""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from rich.console import Console

from deploy.demo.checks import Check, unlike
from deploy.demo.showing import bar
from deploy.demo.story import Run
from deploy.demo.summary import SHOWN_OF_AN_ID, columns, heading, say
from shared.client import Client
from shared.contracts.credits import UsageRow
from shared.contracts.credits.answers import Forecast, Insights
from shared.contracts.credits.queries import AskForecast, AskInsights

CHART_WIDTH = 40
SOON = ("today", "tomorrow")


class Seen(NamedTuple):
    """What an account may see of itself, and the rows of usage that others saw of it."""

    account_id: str
    rows: list[UsageRow]
    insights: Insights | None
    forecast: Forecast | None


async def play(client: Client, run: Run) -> Seen:
    """Ask for the busiest account."""
    account = run.customers[0].account_id
    insights = (await client.ask(AskInsights(dimension="action"), account)).data
    forecast = (await client.ask(AskForecast(), account)).data
    return Seen(
        account,
        [row for row in run.evidence.rows if row.account_id == account],
        insights if isinstance(insights, Insights) else None,
        forecast if isinstance(forecast, Forecast) else None,
    )


def check(found: Seen) -> Check:
    """Sums of credits and USD by action; the month's credits, and what they come to."""
    told, forecast = found.insights, found.forecast
    shown = told and {row.key: (row.credits, Decimal(row.cost_usd or 0)) for row in told.rows}
    logged = by_action(found.rows)
    wrong = unlike(
        ("credits and USD by action", shown, logged),
        ("credits in all", told and told.totals.credits, sum(used for used, _ in logged.values())),
        ("the month's credits", forecast and forecast.used, forecast and used_in(forecast, found)),
        ("the month's end", forecast and forecast.projected_credits, forecast and end_of(forecast)),
    )
    if forecast is None:
        wrong.append("there is no forecast")
    says = "Insights add up to the usage log in credits and USD; the forecast to its month"
    return Check(says, f"{len(found.rows):,} rows", wrong)


def by_action(rows: list[UsageRow]) -> dict[str, tuple[int, Decimal]]:
    sums: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal()))
    for row in rows:
        used, cost = sums[row.operation_type]
        sums[row.operation_type] = used + row.credits_used, cost + Decimal(row.cost_usd or 0)
    return sums


def used_in(forecast: Forecast, found: Seen) -> int:
    return sum(row.credits_used for row in found.rows if row.created_at[:7] == forecast.window)


def end_of(forecast: Forecast) -> int | None:
    """What was used by now, times the days of the month by those gone, half up."""
    if forecast.confidence == "none":
        return None
    return (2 * forecast.used * forecast.days_in_month + forecast.day) // (2 * forecast.day)


def tell(to: Console, found: Seen) -> None:
    name = found.account_id[:SHOWN_OF_AN_ID]
    heading(to, f"Insights: where the credits of the busiest account went ({name})")
    rows = found.insights.rows if found.insights else ()
    highest = max((row.credits for row in rows), default=0)
    table = columns("action", "", "credits", "share", "cost in USD", left=(0, 1))
    for row in rows:
        length = f"[cyan]{bar(row.credits, highest, CHART_WIDTH)}[/]"
        cost = f"{Decimal(row.cost_usd or 0):,.2f}"
        share = f"{Decimal(row.share_pct):.1f} %"
        table.add_row(row.label, length, f"{row.credits:,}", share, cost)
    say(to, table)
    if found.forecast:
        say(to, in_words(found.forecast))


def in_words(forecast: Forecast) -> str:
    if forecast.projected_credits is None:
        return f"Forecast: none before the third day; {forecast.used:,} credits are used so far."
    text = (
        f"Forecast, day {forecast.day} of {forecast.days_in_month}: "
        f"{forecast.projected_credits:,} credits by the month's end"
    )
    if forecast.days_until_empty is None:
        return f"{text}."
    days = forecast.days_until_empty
    when = SOON[days] if days < len(SOON) else f"in {days:,} days"
    return f"{text}; at this week's pace empty {when}."
