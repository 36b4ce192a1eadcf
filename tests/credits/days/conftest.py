"""An account that was charged, corrected and refunded at eleven hours' distance."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from shared.contracts.message import Message
from tests.correcting import refunded
from tests.credits.days.past import DAYS, NOON
from tests.credits.handlers.test_rollups import report
from tests.credits.handlers.worker import working
from tests.credits.queries.clerk import Clerk
from tests.databases import own_database
from tests.making import paid, record

HOURS_APART = 11  # So on the day before yesterday at 6 and 17, on the one before at 8 and 19.


@pytest.fixture
def own(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", f"days_{uuid4().hex[:8]}") as url:
        yield url


@pytest.fixture
async def clerk(own: str) -> AsyncIterator[Clerk]:
    """One who asks at noon, of a service with a past of some days."""
    async with working(own, clock_offset=NOON) as worker:
        yield Clerk(worker.credits, worker.recorder)


@pytest.fixture
async def account(own: str) -> str:
    """What happened at eleven hours' distance, from days ago until today."""
    account, random = str(uuid4()), Random(7)
    for hours in range(DAYS * 24, -1, -HOURS_APART):
        async with working(own, clock_offset=NOON - 3600 * hours) as worker:
            messages: list[Message] = [paid(500, account, random.getrandbits(40))]
            messages += [one for _ in range(6) for one in report(random, account)]
            await worker.obey([record(message) for message in messages])
            await worker.obey([record(refunded(random.getrandbits(40), 7, account, forced=True))])
    return account
