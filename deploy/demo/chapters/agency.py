"""An agency grows: sites, people and keywords up to its limits, what it is told there, and on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias
from uuid import uuid4

from rich.console import Console
from rich.text import Text

from deploy.demo.chapters.listening import Listener
from deploy.demo.chapters.webapp import OWNER, WebApp, Wish, token
from deploy.demo.checks import Check, unlike
from deploy.demo.showing import bar
from deploy.demo.summary import advice, columns, heading, say
from shared.client import Client
from shared.contracts.errors import Error, LimitType
from shared.contracts.invoicing import AccountOpened, SubscriptionStateChanged
from shared.contracts.limits import LimitDenied, LimitRow, LimitsUsage, UsageChanged
from shared.contracts.limits.queries import AskLimits

NAME = "Harbour Agency"
SITES, PEOPLE, KEYWORDS = ("Bakery", "Florist", "Dentist"), ("ines", "jonas"), 1_200
CHART_WIDTH = 30

# What is used and held of each limit, and the limit.
Room: TypeAlias = Mapping[LimitType, tuple[int, int, int | None]]
# Starter has 2 sites, 2 users and 1,000 keywords; the owner is the first user.
AT_FIRST: Room = {
    "sites": (0, 0, 2),
    "users": (1, 0, 2),
    "keywords": (0, 0, 1_000),
    "ahrefs_queries": (0, 0, 50),
}
ON_STARTER = [1, 1, 0, 1, 0, 1_000]  # Granted of each wish, in order.
REFUSED = [("sites", 2, 2, "growth", 5), ("users", 2, 2, "growth", 3)]
DENIED = [("sites", 2, 2, "limit_reached"), ("users", 2, 2, "limit_reached")]
ON_GROWTH = [1, 1, 200]
AT_LAST: Room = {
    "sites": (3, 0, 5),
    "users": (3, 0, 3),
    "keywords": (1_200, 0, 5_000),
    "ahrefs_queries": (0, 0, 200),
}


class Agency(NamedTuple):
    """What became of each wish on the first plan and on the next one."""

    on_starter: Sequence[Wish]
    denied: Sequence[LimitDenied]
    on_growth: Sequence[Wish]
    usage: LimitsUsage | None


async def play(client: Client, listener: Listener, key_file: Path) -> Agency:
    """On Starter until nothing goes any more, then on Growth."""
    account = str(uuid4())
    app = WebApp(client, account, token(key_file, account))
    opened = AccountOpened(
        account_id=account, name=NAME, owner_user_id=OWNER, owner_email=f"{OWNER}@example.com"
    )
    await client.publish([opened, subscription(account, "starter", 1)])
    await listener.hear_until(UsageChanged, account, stands_at(AT_FIRST))
    on_starter = [
        *[await app.site(name) for name in SITES],
        *[await app.invite(name) for name in PEOPLE],
        await app.keywords(KEYWORDS),
    ]
    denied = await listener.hear(LimitDenied, account, len(DENIED))
    await client.publish([subscription(account, "growth", 2)])
    await listener.hear_until(UsageChanged, account, is_on("growth"))
    left = KEYWORDS - on_starter[-1].granted
    on_growth = [
        await app.site(SITES[-1]),
        await app.invite(PEOPLE[-1]),
        await app.keywords(left),
    ]
    await listener.hear_until(UsageChanged, account, stands_at(AT_LAST))
    usage = (await client.ask(AskLimits(), account)).data
    return Agency(on_starter, denied, on_growth, usage if isinstance(usage, LimitsUsage) else None)


def subscription(account: str, plan: str, version: int) -> SubscriptionStateChanged:
    """What invoicing says when it has been paid."""
    return SubscriptionStateChanged(
        account_id=account, plan_code=plan, status="active", version=version
    )


def room_in(rows: Sequence[LimitRow]) -> Room:
    return {row.type: (row.current, row.held, row.limit) for row in rows}


def stands_at(room: Room) -> Callable[[UsageChanged], bool]:
    return lambda state: room_in(state.limits) == room


def is_on(plan: str) -> Callable[[UsageChanged], bool]:
    return lambda state: state.plan_code == plan


def kept(found: Agency) -> Check:
    """What was granted and refused, and what the refusals say."""
    errors = [wish.error for wish in found.on_starter if wish.error is not None]
    told = [(x.limit_type, x.current, x.limit, x.reason) for x in found.denied]
    wrong = unlike(
        ("granted on Starter", [wish.granted for wish in found.on_starter], ON_STARTER),
        ("what the refusals say", [said_by(error) for error in errors], REFUSED),
        ("denials that everybody was told", told, DENIED),
    )
    says = "Nobody passes a limit; a refusal names the plan that lifts it"
    return Check(says, f"{len(found.on_starter)} wishes", wrong)


def said_by(error: Error) -> tuple[object, ...]:
    """Its numbers, and those of the plan that it suggests."""
    plans = ((x.plan_code, x.limit) for x in error.suggestions if x.kind == "upgrade_plan")
    return error.limit_type, error.current, error.limit, *next(plans, (None, None))


def grown(found: Agency) -> Check:
    usage = found.usage and room_in(found.usage.rows)
    wrong = unlike(
        ("granted on Growth", [wish.granted for wish in found.on_growth], ON_GROWTH),
        ("used, held and allowed", usage, AT_LAST),
    )
    says = "After an upgrade there is room, and what was made is counted once"
    return Check(says, f"{len(AT_LAST)} limits", wrong)


def tell(to: Console, found: Agency) -> None:
    heading(to, f"{NAME} grows: what it may make on Starter, and what it is told at its limits")
    tell_wishes(to, found.on_starter)
    for error in (wish.error for wish in found.on_starter if wish.error):
        say(to, Text(error.title, style="bold yellow"))
        say(to, advice(error))
    say(to, "It takes the advice; invoicing tells that Growth is paid, and the same wishes again:")
    tell_wishes(to, found.on_growth)
    if found.usage is not None:
        tell_usage(to, found.usage)


def tell_wishes(to: Console, wishes: Sequence[Wish]) -> None:
    table = columns("asked for", "answer", left=(0, 1))
    for words, granted, error in wishes:
        answer = f"granted: {granted:,}" if granted else "nothing"
        table.add_row(words, f"[bold yellow]{error.title}[/]" if error else answer)
    say(to, table)


def tell_usage(to: Console, usage: LimitsUsage) -> None:
    table = columns("in use now", "", "used", "of", left=(0, 1))
    for row in usage.rows:
        length = f"[cyan]{bar(row.current, row.limit or row.current, CHART_WIDTH)}[/]"
        limit = "unlimited" if row.limit is None else f"{row.limit:,}"
        table.add_row(row.display_name, length, f"{row.current:,}", limit)
    say(to, table)
