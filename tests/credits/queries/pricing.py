"""A developer who changes prices in books that nobody else asks about."""

from services.credits.handlers import obey
from shared.contracts.message import Message
from shared.kafka import Letter
from tests.credits.queries.clerk import Clerk, token
from tests.making import reader, record
from tests.signing import VERIFIER


async def develops(clerk: Clerk, *commands: Message, account: str | None = None) -> None:
    """One poll of what a developer commands."""
    headers = {"actor": token("developer", account), "correlation_id": b"ticket-7"}
    letters: list[Letter] = [
        reader(type(command), verifier=VERIFIER).read(record(command, headers))
        for command in commands
    ]
    await obey(clerk.credits, letters)
    await clerk.credits.service.outbox.settled()
