"""`igny8 rebuild` tells what it repaired of each service as soon as it has, whatever comes then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.rebuild import leave_alone, rebuilt
from services.credits.partitions import make_partitions
from tests.credits.handlers.worker import working
from tests.databases import execute, own_database
from tests.deploy.conftest import Operator, own_surroundings
from tests.making import completed, paid, record


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "rebuild") as url:
        yield url


@pytest.fixture
def settings(url: str) -> dict[str, str]:
    """Books of credits, and none of limits."""
    return {"KAFKA_BOOTSTRAP_SERVERS": "nowhere:0", "CREDITS_DATABASE_URL": url}


@pytest.fixture
def caller(settings: dict[str, str], tmp_path: Path) -> Operator:
    return Operator(tmp_path, own_surroundings() | settings)


async def test_what_was_repaired_of_the_first_service_is_told_when_the_next_one_fails(
    url: str, settings: dict[str, str], caller: Operator
) -> None:
    async with working(url) as worker:
        await make_partitions(worker.service)
        await worker.obey([record(paid(100)), record(completed(1))])
    await execute(url, "UPDATE hourly_usage SET credits = credits + 1")

    called = caller.calls("rebuild")

    assert called.returncode == 1
    assert called.stderr.splitlines()[-1] == "igny8: LIMITS_DATABASE_URL is missing"
    assert called.stdout.splitlines()[-1].startswith("credits ")
    assert called.stdout.splitlines()[-1].endswith("differed and are repaired")
    assert (await rebuilt(settings, "credits", leave_alone)).wrong == 0


def test_a_service_of_which_nothing_can_be_rebuilt_is_said_in_one_line(caller: Operator) -> None:
    called = caller.calls("rebuild", "--service", "debits")

    assert called.returncode == 1
    assert called.stderr == "igny8: nothing of debits can be rebuilt; there is credits, limits\n"
