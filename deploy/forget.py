"""`igny8 forget`: drops what is older than the settings say it is kept; the ledger never."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
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

app = typer.Typer()


@app.command(name="forget")
def command(
    data: Data = DATA,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Drop what is older than it is kept; exit status 1 when something old has to stay."""
    act = leave_alone if dry_run else retention.forget
    environment, done = surroundings.of(data), "would be dropped" if dry_run else "dropped"
    found = {service: asyncio.run(forgotten(environment, service, act)) for service in FORGETTING}
    for service, every in found.items():
        for old in every:
            typer.echo(line(service, old, done))
    if not any(found.values()):
        typer.echo("Nothing is older than it is kept.")
    has_to_stay = any(old.kept_because for every in found.values() for old in every)
    raise typer.Exit(1 if has_to_stay else 0)


def line(service: str, old: Old, done: str) -> str:
    became = f"stays: {old.kept_because}" if old.kept_because else done
    before = f"before {old.until:%Y-%m-%d}"
    return f"{service:10}{old.name:20}{before:20}{old.rows:>12,} rows  {became}"


async def forgotten(
    environment: Mapping[str, str], service: str, act: Act = retention.forget
) -> list[Old]:
    """Find everything that is old, and do with it what there is to do, the oldest first."""
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
