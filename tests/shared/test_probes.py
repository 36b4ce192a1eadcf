"""What an orchestrator asks is answered truthfully, on a real port; on a real PostgreSQL.

What may never happen:

1. A process whose loop is stuck is said to live, or one is restarted because a server is away.
2. A process is said to be ready that has no partitions assigned yet, or no database.
3. A metric that the operators' page names is not there, or one carries an account.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from deploy.local.worker import ask
from shared import postgres
from shared.contracts.credits import CreditsQuery, OperationCompleted, OperationRequested
from shared.envelope import Postmark
from shared.kafka import Letter
from shared.probes import DATABASE_SECONDS, Probes
from shared.service import Service
from shared.settings import Settings
from shared.telling import Told, tell
from tests import making
from tests.docs.reading import page, quoted, rows, section
from tests.making import ANN, PARTITIONS, raw_record
from tests.recorder import Recorder

YES, NO, UNKNOWN, OK = 204, 503, 404, 200
LOOK_AGAIN_SECONDS = 0.01
ON_THE_PAGE = [
    name
    for names, *_ in rows(section(page("docs/operating.md"), "## Metrics"))
    for name in quoted(names)
]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def ignore(_: Sequence[Letter]) -> None:
    """Nothing is polled here."""


async def asked(service: Service, path: str) -> int:
    """The status of an answer; 0 for none."""
    status, _ = await asyncio.to_thread(ask, service.settings.http_port, path)
    return status


@pytest.fixture
async def service(service_url: str) -> AsyncIterator[Service]:
    """One with the two groups that every service has, in neither of which it is yet."""
    settings = Settings(
        kafka_bootstrap_servers="nowhere:0", credits_database_url=service_url, http_port=free_port()
    )
    service = Service("credits", settings)
    service.on_commands([OperationRequested], ignore)
    service.on_queries([CreditsQuery], ignore)
    service.speak_through(Recorder())
    async with AsyncExitStack() as stack:
        service.database = await stack.enter_async_context(
            postgres.connected(service_url, "probes")
        )
        await stack.enter_async_context(Probes(service).served())
        while not await asked(service, "/live"):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        yield service


def assign(service: Service) -> None:
    for poller in service.pollers:
        poller.assignment.is_complete = True


@pytest.mark.parametrize("group", [0, 1])
async def test_a_process_lives_while_every_loop_turns(service: Service, group: int) -> None:
    assert await asked(service, "/live") == YES

    service.pollers[group].turned_at = time.monotonic() - service.settings.still_seconds + 5
    assert await asked(service, "/live") == YES

    service.pollers[group].turned_at = time.monotonic() - service.settings.still_seconds - 1
    assert await asked(service, "/live") == NO


async def test_a_process_lives_while_the_broker_keeps_it_waiting_and_not_longer(
    service: Service,
) -> None:
    for poller in service.pollers:
        poller.turned_at = time.monotonic() - 100 * service.settings.still_seconds
    assert await asked(service, "/live") == NO

    service.publisher.kept_waiting_at = time.monotonic() - service.settings.still_seconds + 5
    assert await asked(service, "/live") == YES

    service.publisher.kept_waiting_at = time.monotonic() - service.settings.still_seconds - 1
    assert await asked(service, "/live") == NO


@pytest.mark.parametrize("group", [0, 1])
async def test_it_is_ready_when_every_group_has_its_partitions(
    service: Service, group: int
) -> None:
    assert await asked(service, "/ready") == NO

    assign(service)
    assert await asked(service, "/ready") == YES

    service.pollers[group].assignment.is_complete = False
    assert await asked(service, "/ready") == NO


async def test_without_a_database_it_is_not_ready_and_lives(service: Service) -> None:
    assign(service)
    await service.database.pool_for(None).close()

    assert await asked(service, "/ready") == NO
    assert await asked(service, "/live") == YES


async def test_a_database_that_does_not_answer_in_time_is_none(service: Service) -> None:
    assign(service)
    pool = service.database.pool_for(None)
    async with AsyncExitStack() as busy:
        for _ in range(postgres.POOL_SIZE):
            await busy.enter_async_context(pool.acquire())
        # `ask` waits no longer than that itself, so the probe is asked without it.
        async with asyncio.timeout(2 * DATABASE_SECONDS):
            assert not await Probes(service).is_ready()
    assert await asked(service, "/ready") == YES


async def test_nothing_else_is_answered(service: Service) -> None:
    assert await asked(service, "/") == UNKNOWN
    assert await asked(service, "/liveness") == UNKNOWN


async def test_every_metric_of_the_operators_page_is_told_and_none_tells_an_account(
    service: Service,
) -> None:
    told = Told(Postmark("credits", datetime.now(UTC), PARTITIONS))
    reader = making.reader(OperationRequested, OperationCompleted)
    for topic in (OperationRequested.topic, OperationCompleted.topic):
        for value in (b"{", b'{"account_id":"%b"}' % ANN.encode()):
            letter = reader.read(raw_record(topic, value, ANN.encode()))
            tell(told, letter, datetime.now(UTC), lambda _: ())

    status, text = await asyncio.to_thread(ask, service.settings.http_port, "/metrics")

    described = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ")}
    assert status == OK
    assert len(ON_THE_PAGE) > 20
    assert set(ON_THE_PAGE) <= described
    assert 'igny8_dead_letters_total{reason="undecodable",topic="ai.operation.completed"}' in text
    assert ANN not in text


async def test_nobody_answers_after_the_end(service_url: str) -> None:
    settings = Settings(
        kafka_bootstrap_servers="nowhere:0", credits_database_url=service_url, http_port=free_port()
    )
    service = Service("credits", settings)
    service.speak_through(Recorder())
    async with Probes(service).served():
        while not await asked(service, "/live"):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    assert await asked(service, "/live") == 0
