"""`igny8 forget`: drops what is older than the settings say it is kept; the ledger never."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Annotated, TypeAlias

import asyncpg
import typer
from pydantic import ValidationError

from deploy import surroundings
from deploy.books import one_connection, open_to_us
from deploy.errors import OperatorError
from deploy.options import DATA, Data
from services.credits.retention import find_old as find_old_of_credits
from shared import retention
from shared.postgres import SESSION, Pool, read_clock, transaction
from shared.retention import FindOld, Old
from shared.settings import Settings, wrong_in

# What each of them keeps for a time only.
FORGETTING: Mapping[str, FindOld] = MappingProxyType(
    {"credits": find_old_of_credits, "limits": retention.find_old}
)
SESSION_SETTINGS = SESSION | {
    "application_name": "igny8 forget",
    "statement_timeout": "0",  # A month may be large.
    "lock_timeout": "2000",  # Workers wait behind whoever waits for a lock.
}

Act: TypeAlias = Callable[[Pool, Old], Awaitable[None]]
Tell: TypeAlias = Callable[[Old], None]

app = typer.Typer()


@app.command(name="forget")
def command(
    data: Data = DATA,
    service: Annotated[str, typer.Option(help="Only this one; else all of them.")] = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Drop what is older than it is kept; exit status 1 when something old has to stay."""
    act = leave_alone if dry_run else retention.forget
    environment, done = surroundings.of(data), "would be dropped" if dry_run else "dropped"
    found = list[Old]()
    for one in chosen(service):
        found += asyncio.run(forgotten(environment, one, act, partial(say, one, done)))
    if not found:
        typer.echo("Nothing is older than it is kept.")
    raise typer.Exit(1 if any(old.kept_because for old in found) else 0)


def chosen(service: str) -> Sequence[str]:
    if service and service not in FORGETTING:
        known = ", ".join(FORGETTING)
        raise OperatorError(f"nothing of {service} is forgotten; there is {known}")
    return [service] if service else list(FORGETTING)


def say(service: str, done: str, old: Old) -> None:
    """At once: what is dropped is dropped, whatever fails after it."""
    typer.echo(line(service, old, done))


def line(service: str, old: Old, done: str) -> str:
    became = f"stays: {old.kept_because}" if old.kept_because else done
    before = f"before {old.until:%Y-%m-%d}"
    return f"{service:10}{old.name:20}{before:20}{old.rows:>12,} rows  {became}"


def say_nothing(old: Old) -> None:
    """For who reads what comes back."""
    del old


async def forgotten(
    environment: Mapping[str, str],
    service: str,
    act: Act = retention.forget,
    tell: Tell = say_nothing,
) -> list[Old]:
    """Find everything that is old, the oldest first; do what there is to do, and tell each."""
    settings = settings_in(environment)
    url = surroundings.database_url(environment, service)
    try:
        with open_to_us(service, OSError):
            async with one_connection(url, SESSION_SETTINGS) as pool:
                now = await read_clock(pool, settings.clock_offset)
                async with transaction(pool) as tx:
                    found = await FORGETTING[service](tx, settings, now)
                for old in found:
                    if old.kept_because is None:
                        await act(pool, old)
                    tell(old)
    except asyncpg.LockNotAvailableError as error:
        raise OperatorError("others work with an old month; call it again later") from error
    return found


async def leave_alone(pool: Pool, old: Old) -> None:
    """What is only looked at stays as it is."""
    del pool, old


def settings_in(environment: Mapping[str, str]) -> Settings:
    """What the services are told, in the environment or in the file of a data folder."""
    known = {name.lower(): value for name, value in environment.items() if value}
    fields = {name: known[name] for name in Settings.model_fields if name in known}
    try:
        return Settings.model_validate(fields)
    except ValidationError as error:
        said = "; ".join(f"{name}: {reason}" for name, reason in wrong_in(error).items())
        raise OperatorError(f"wrong settings: {said}") from error
