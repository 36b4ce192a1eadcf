"""`igny8 prices replay`: a month of use through a proposed price list, old prices beside new."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from deploy import surroundings
from deploy.books import as_of_now
from deploy.errors import OperatorError
from deploy.options import DATA, Data
from deploy.prices import proposal, uses
from deploy.prices.replay import compared
from deploy.prices.showing import InWords, OneObject
from deploy.prices.sums import Account, Sum
from services.credits import store
from services.credits.catalogue import Prices
from shared.catalogue import Current
from shared.postgres import Transaction

app = typer.Typer(
    name="prices", help="Rehearses a change of prices.", no_args_is_help=True, add_completion=False
)


class Lists(NamedTuple):
    """The price lists of all versions, and what they would become."""

    known: Prices
    proposed: Prices


@app.callback()
def prices() -> None:
    """Rehearse a change of prices."""


@app.command(name="replay")
def replay(
    config: Annotated[Path, typer.Option(help="JSON with cost_configs and model_prices.")],
    month: Annotated[str, typer.Option(help="Whose usage, as 2026-01.")],
    data: Data = DATA,
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Print what each account and action would have cost; writes nothing."""
    check(month)
    asked = proposal.read(config)
    to = OneObject(month, typer.echo) if json else InWords(month, typer.echo)
    asyncio.run(show(data, asked, month, to))


def check(month: str) -> None:
    try:
        uses.span_of(month)
    except ValueError as error:
        raise OperatorError(f"{month} is no month; one is written 2026-01") from error
    except OverflowError as error:
        raise OperatorError(f"{month} has no end that a calendar knows") from error


async def show(data: Data, asked: proposal.Proposal, month: str, to: OneObject | InWords) -> None:
    """Account by account, each printed as soon as it is complete: memory stays what it is."""
    async with as_of_now(surroundings.of(data), "credits") as tx:
        lists = await read_lists(tx, asked)
        total, actions = Sum(), Account("")
        async for account in accounts(tx, lists, month, actions, total):
            to.show(account)
    to.sum_up(actions, total)


async def accounts(
    tx: Transaction, lists: Lists, month: str, actions: Account, total: Sum
) -> AsyncIterator[Account]:
    """Each account with its sums; the sums over all of them are made on the way."""
    account: Account | None = None
    async for operation in uses.of_a_month(tx, month):
        whose = operation[0].account_id
        if account is None or account.account_id != whose:
            if account is not None:
                yield account
            account = Account(whose)
        old = lists.known.at(operation[0].price_version)
        rows = compared(operation, old, lists.proposed.latest)
        account.add(operation, rows)
        actions.add(operation, rows)
        total.add(rows)
    if account is not None:
        yield account


async def read_lists(tx: Transaction, asked: proposal.Proposal) -> Lists:
    known = (await Current(store.catalogue.read, 0).open(tx)).known.prices
    return Lists(known, proposal.applied(asked, known))
