"""The pipeline: asks before each operation, awaits the answer, and reports how it ended."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence

from deploy.demo import messages
from deploy.demo.journal import Journal
from deploy.demo.rule import Customer, Job
from shared.client import Client
from shared.contracts.errors import Error
from shared.contracts.invoicing import Grant
from shared.contracts.message import Message, Reply, Request

AT_ONCE = 500  # Operations under way.
TTL_SECONDS = 60.0  # A slow machine is slow; nothing is given up before.
MOST_PURCHASES = 3


class Replay:
    """Lets the jobs happen, and keeps the journal."""

    def __init__(self, client: Client, journal: Journal) -> None:
        self._client, self.journal = client, journal

    async def open(self, customers: Sequence[Customer]) -> None:
        """Fund every account; whoever does not pay on is paused."""
        grants = [messages.paid(one, one.paid[0]) for one in customers]
        pauses = [messages.paused(one) for one in customers if one.is_paused]
        await self._tell(*grants, *pauses)

    async def run(self, jobs: Iterable[Job], at_once: int = AT_ONCE) -> None:
        """Do them in the order of the trace, so many at a time."""
        rest = iter(jobs)
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._work(rest))

    async def _work(self, jobs: Iterator[Job]) -> None:
        for job in jobs:
            await self._do(job)

    async def _do(self, job: Job) -> None:
        if job.fate == "overtaking":
            await self._report(job, messages.completion(job))
        if await self._is_granted(job):
            if job.is_extended and job.fate != "overtaking":
                await self._ask(messages.more_time(job))
                self.journal.extended += 1
            for report in messages.reports(job):
                await self._report(job, report)

    async def _is_granted(self, job: Job) -> bool:
        request = messages.request(job)
        if job.repeated == "request":
            reply, again = await asyncio.gather(self._ask(request), self._ask(request))
            self.journal.compare(reply, again)
        else:
            reply = await self._ask(request)
        self.journal.write(job, reply)
        if reply.error is not None:
            await self._buy_more(job.customer, reply.error)
        return reply.error is None

    async def _ask(self, request: Request) -> Reply:
        self.journal.requests += 1
        asked_at = time.perf_counter()
        reply = await self._client.request(request, ttl_seconds=TTL_SECONDS)
        self.journal.latencies.append(time.perf_counter() - asked_at)
        return reply

    async def _report(self, job: Job, report: Message) -> None:
        if report.topic == "ai.operation.completed":
            self.journal.reported.add(job.operation_id)
        await self._tell(*[report] * (2 if job.repeated == "report" else 1))

    async def _tell(self, *events: Message) -> None:
        self.journal.events += len(events)
        await self._client.publish(events)

    async def _buy_more(self, customer: Customer, error: Error) -> None:
        """Follow the advice of a refusal: the package that covers what is missing."""
        advised = next((x for x in error.suggestions if x.package_code and x.credits), None)
        bought = self.journal.purchases[customer.account_id]
        if advised is None or not customer.buys_more or bought >= MOST_PURCHASES:
            return
        self.journal.purchases[customer.account_id] += 1
        assert advised.credits is not None
        assert advised.package_code is not None
        grant = Grant(
            line=1, kind="credit_package", credits=advised.credits, code=advised.package_code
        )
        customer.paid.append(grant)
        await self._tell(messages.paid(customer, grant))
