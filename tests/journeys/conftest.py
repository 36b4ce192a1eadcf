"""Workers of services, a client that asks them, and ears for what they announce."""

from collections.abc import AsyncIterator, Iterator, Mapping
from uuid import uuid4

import pytest

from deploy.local import worker
from deploy.local.environment import KAFKA
from deploy.local.programs import Program
from shared.client import Client
from tests.journeys.traveller import Traveller, listening


@pytest.fixture(scope="module")
def credits_worker(environment: dict[str, str]) -> Iterator[Program]:
    with worker.running("credits", environment) as program:
        yield program


@pytest.fixture(scope="module")
def limits_worker(environment: dict[str, str]) -> Iterator[Program]:
    with worker.running("limits", environment) as program:
        yield program


@pytest.fixture
async def team(limits_worker: Program, environment: Mapping[str, str]) -> AsyncIterator[Traveller]:
    """An account of which nobody has heard, and that wants room for sites, people and keywords."""
    assert limits_worker.process is not None, "the worker is there"
    account = str(uuid4())
    async with (
        Client.connected(environment[KAFKA]) as client,
        listening(environment[KAFKA], account) as ears,
    ):
        yield Traveller(account, client, ears)


@pytest.fixture
async def traveller(
    credits_worker: Program, environment: Mapping[str, str]
) -> AsyncIterator[Traveller]:
    """An account of which nobody has heard."""
    assert credits_worker.process is not None, "the worker is there"
    account = str(uuid4())
    async with (
        Client.connected(environment[KAFKA]) as client,
        listening(environment[KAFKA], account) as ears,
    ):
        yield Traveller(account, client, ears)
