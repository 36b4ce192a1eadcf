"""The run from its first request to the last question, and everything that was found out."""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from deploy.demo.evidence import Evidence, Reader
from deploy.demo.journal import Journal
from deploy.demo.replay import Replay
from deploy.demo.rule import Customer, Job
from deploy.demo.showing import shown
from shared.client import Client
from shared.contracts.credits import Balance
from shared.contracts.credits.queries import AskBalance

ALONE = 40  # The last jobs of the trace are done one at a time, to see how long an answer takes.

log = logging.getLogger(__name__)


class Speed(NamedTuple):
    """Times in seconds."""

    operations: int  # That were done side by side.
    seconds: float  # From the first answer to the last charge of these.
    among_many: Sequence[float]  # From a request to its answer.
    alone: Sequence[float]
    beats: Sequence[int]  # Operations answered, by quarters of a second.


class Run(NamedTuple):
    """What a run sent, what it was answered, and what others could read about it."""

    jobs: Sequence[Job]
    customers: Sequence[Customer]
    journal: Journal
    evidence: Evidence
    balances: dict[str, Balance]  # By account.
    speed: Speed


async def play(
    client: Client, servers: str, jobs: Sequence[Job], customers: Sequence[Customer]
) -> Run:
    """Send everything through the system, and wait until it is quiet."""
    async with Reader.opened(servers) as reader:
        journal = Journal()
        replay = Replay(client, journal)
        await replay.open(customers)
        async with shown(journal, len(jobs)) as beats:
            await replay.run(jobs[:-ALONE])
        log.info("Reading what the services said")
        await reader.catch_up(journal.reported)
        seconds, crowd = reader.evidence.seconds, len(journal.latencies)
        await replay.run(jobs[-ALONE:], at_once=1)
        await reader.catch_up(journal.reported)
        balances = await ask_balances(client, customers)
    return Run(
        jobs,
        customers,
        journal,
        reader.evidence,
        balances,
        Speed(
            len(jobs) - ALONE, seconds, journal.latencies[:crowd], journal.latencies[crowd:], beats
        ),
    )


async def ask_balances(client: Client, customers: Sequence[Customer]) -> dict[str, Balance]:
    """What every account has now, as the web app asks for it."""
    questions = [client.ask(AskBalance(), customer.account_id) for customer in customers]
    replies = await asyncio.gather(*questions)
    return {x.data.account_id: x.data for x in replies if isinstance(x.data, Balance)}
