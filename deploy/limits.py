"""`igny8 limits show ACCOUNT`: what an account may have, what it has, and where it has more."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from deploy import surroundings
from deploy.books import as_of_now
from deploy.errors import OperatorError
from deploy.options import DATA, Data
from services.limits import outcomes
from services.limits.book import Account, Book
from services.limits.queries.books import Library, open_accounts
from shared.contracts.limits import LimitRow
from shared.contracts.types import JsonObject

SERVICE = "limits"

app = typer.Typer(name="limits", help="What accounts may have, and what they have.")


@app.callback()
def group() -> None:
    """So that `show` stays a command of its own."""


@app.command(name="show")
def show(
    account: str,
    data: Data = DATA,
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show the effective limits of an account, its use and its overage; changes nothing."""
    account_id = canonical(account)
    book = asyncio.run(read(surroundings.of(data), account_id))
    known = book.accounts[account_id]
    if json:
        typer.echo(msgspec.json.encode(as_json(book, known)))
    else:
        typer.echo("\n".join(lines(book, known)))


def canonical(account: str) -> str:
    try:
        return str(UUID(account))
    except ValueError as error:
        raise OperatorError(f"{account} is no id of an account") from error


async def read(settings: Mapping[str, str], account_id: str) -> Book:
    """The account as it is this month; one that nobody heard of has Free limits."""
    library = Library(surroundings.clock_offset(settings))
    async with as_of_now(settings, SERVICE) as tx:
        return await open_accounts(await library.open(tx), [account_id])


def as_json(book: Book, account: Account) -> JsonObject:
    said = outcomes.usage_changed(book, account)
    shown: JsonObject = msgspec.to_builtins(said)
    return shown


def lines(book: Book, account: Account) -> Iterator[str]:
    """The account in a line, then a line a limit."""
    yield (
        f"account {account.account_id}: plan {account.plan_code}, {account.status}, "
        f"month {account.window}, version {account.version}"
    )
    yield f"{'':26}{'used':>9}{'held':>9}{'limit':>11}{'left':>11}{'over by':>9}"
    for row in outcomes.limit_rows(book, account):
        yield line(row)


def line(row: LimitRow) -> str:
    limit = "unlimited" if row.limit is None else f"{row.limit:,}"
    left = "" if row.remaining is None else f"{row.remaining:,}"
    by_hand = "  by hand" if row.override else ""
    numbers = f"{row.current:>9,}{row.held:>9,}{limit:>11}{left:>11}{row.over_by:>9,}"
    return f"{row.display_name:26}{numbers}{by_hand}"
