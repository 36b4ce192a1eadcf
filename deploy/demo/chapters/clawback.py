"""A refund clawed back: what is unspent goes with the money, what is spent is told as a number."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from deploy.demo.chapters.listening import Listener
from deploy.demo.checks import Check, unlike
from deploy.demo.summary import heading, say
from shared.client import Client
from shared.contracts.credits import (
    Balance,
    CreditsCommitted,
    CreditsGranted,
    CreditsRevoked,
    Estimate,
    FreezeReplied,
    FreezeRequested,
    Frozen,
    OperationCompleted,
    OperationRequested,
)
from shared.contracts.credits.queries import AskBalance
from shared.contracts.errors import Error
from shared.contracts.invoicing import Grant, InvoicePaid, PaymentRefunded

BOUGHT = Grant(line=1, kind="credit_package", credits=2_000, code="pro")
PAGES, CREDITS_A_PAGE = 30, 20
SPENT = PAGES * CREDITS_A_PAGE
UNSPENT = BOUGHT.credits - SPENT


class Purchase(NamedTuple):
    """A package that was paid for, and whose money is to go back."""

    account_id: str
    invoice_id: str
    payment_id: str


class Clawback(NamedTuple):
    """What became of the credits, step by step."""

    charged: Sequence[CreditsCommitted]
    refusal: Error | None  # Of the refund that nobody forces.
    frozen: Frozen | None
    meanwhile: Error | None  # Of an article that was asked for while all was frozen.
    revoked: Sequence[CreditsRevoked]
    balance: Balance | None


async def play(client: Client, listener: Listener) -> Clawback:
    bought = Purchase(str(uuid4()), str(uuid4()), str(uuid4()))
    account, refund = bought.account_id, str(uuid4())
    charged = await spend(client, listener, bought)
    asked = await client.request(freeze(bought, str(uuid4()), allow_partial=False))
    forced = await client.request(freeze(bought, refund, allow_partial=True))
    article = OperationRequested(
        account_id=account, operation_id=str(uuid4()), operation_type="content_generation"
    )
    meanwhile = await client.request(article)
    await client.publish([refunded(bought, refund)])
    revoked = await listener.hear(CreditsRevoked, account)
    balance = (await client.ask(AskBalance(), account)).data
    return Clawback(
        charged,
        asked.error,
        forced.data if isinstance(forced, FreezeReplied) else None,
        meanwhile.error,
        revoked,
        balance if isinstance(balance, Balance) else None,
    )


async def spend(client: Client, listener: Listener, bought: Purchase) -> list[CreditsCommitted]:
    """Buy the package, and make pages of a part of it."""
    account, pages = bought.account_id, str(uuid4())
    paid = InvoicePaid(account_id=account, invoice_id=bought.invoice_id, grants=[BOUGHT])
    await client.publish([paid])
    await listener.hear(CreditsGranted, account)
    request = OperationRequested(
        account_id=account,
        operation_id=pages,
        operation_type="site_page_generation",
        estimate=Estimate(units=PAGES),
    )
    await client.request(request)
    done = OperationCompleted(
        account_id=account, operation_id=pages, operation_type="site_page_generation", units=PAGES
    )
    await client.publish([done])
    return await listener.hear(CreditsCommitted, account)


def freeze(bought: Purchase, refund: str, *, allow_partial: bool) -> FreezeRequested:
    return FreezeRequested(
        account_id=bought.account_id,
        refund_id=refund,
        payment_id=bought.payment_id,
        invoice_id=bought.invoice_id,
        bucket="purchased",
        credits=BOUGHT.credits,
        allow_partial=allow_partial,
    )


def refunded(bought: Purchase, refund: str) -> PaymentRefunded:
    return PaymentRefunded(
        account_id=bought.account_id,
        refund_id=refund,
        payment_id=bought.payment_id,
        invoice_id=bought.invoice_id,
        credits_to_revoke=BOUGHT.credits,
        forced=True,
    )


def check(found: Clawback) -> Check:
    refusal, meanwhile, balance = found.refusal, found.meanwhile, found.balance
    wrong = unlike(
        ("charged for the pages", [fact.charged for fact in found.charged], [SPENT]),
        ("the answer unforced", refusal and refusal.code, "refund.exceeds.unspent"),
        ("unspent, as it says", refusal and refusal.unspent_credits, UNSPENT),
        ("frozen", found.frozen and found.frozen.frozen, UNSPENT),
        ("the answer meanwhile", meanwhile and meanwhile.code, "credits.insufficient"),
        (
            "revoked and unrecovered",
            [(fact.revoked, fact.unrecovered) for fact in found.revoked],
            [(UNSPENT, SPENT)],
        ),
        ("balance and holds", balance and (balance.credits, balance.held), (0, 0)),
    )
    says = "A refund takes what is unspent, and says what it could not take"
    return Check(says, f"{BOUGHT.credits:,} credits", wrong)


def tell(to: Console, found: Clawback) -> None:
    heading(to, "A refund: the credits go with the money, as far as they are there")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_row("bought", f"{BOUGHT.credits:,}", f"a {BOUGHT.code} package")
    for charge in found.charged:
        table.add_row("spent", f"{charge.charged:,}", f"on a site of {PAGES} pages")
    if found.refusal:
        title = f"refused: [bold yellow]{found.refusal.title}[/]"
        table.add_row("asked back", f"{BOUGHT.credits:,}", title)
    if found.frozen:
        table.add_row("frozen", f"{found.frozen.frozen:,}", "when it is forced")
    if found.meanwhile:
        title = f"an article meanwhile is refused: [bold yellow]{found.meanwhile.title}[/]"
        table.add_row("", "", title)
    for fact in found.revoked:
        table.add_row("revoked", f"{fact.revoked:,}", "when the money has gone back")
        lost = "spent before: a number in the fact, and nobody's debt"
        table.add_row("unrecovered", f"{fact.unrecovered:,}", lost)
    if found.balance:
        table.add_row("left", f"{found.balance.credits:,}", "no balance falls below 0")
    say(to, table)
