"""Whoever names a Kafka or a database of his own has the stack use that, and start none."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from deploy.errors import OperatorError
from deploy.local import kafka, places, ports, programs
from deploy.local.environment import KAFKA
from deploy.local.postgres import SURROUNDINGS, is_ready
from deploy.local.programs import Launch, Program
from deploy.migrate import migrate_all
from tests.deploy.conftest import Operator

NOBODY = "127.0.0.1:9"
CLOSED = f"postgresql://me@{NOBODY}/books"
pytestmark = pytest.mark.servers

FOLDERS = ["/usr/lib/postgresql/15/bin", *os.environ.get("PATH", "").split(os.pathsep)]


@pytest.fixture
def old_postgres(operator: Operator) -> Iterator[str]:
    """A PostgreSQL 15 that this machine has; the URL of an empty database in it."""
    initdb = shutil.which("initdb", path=os.pathsep.join(FOLDERS))
    if initdb is None or " 15." not in subprocess.check_output([initdb, "-V"], text=True):
        pytest.skip("this machine has no PostgreSQL 15")
    above = operator.data.parent
    port = ports.port_of(above, "postgres")
    server = Program(
        name="old-postgres",
        title="PostgreSQL 15",
        home=above,
        launch=lambda: old_cluster(Path(initdb), above / "old", port),
        is_ready=lambda: is_ready(above / "old"),
        stop_signal=signal.SIGINT,
    )
    with programs.running([server]):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


def old_cluster(initdb: Path, data: Path, port: int) -> Launch:
    data.mkdir()
    owner = places.unprivileged()
    if owner:
        shutil.chown(data, owner.pw_uid, owner.pw_gid)
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    run = Launch(
        command=[str(initdb.parent / "postgres"), "-D", str(data), "-p", str(port), *settings],
        environment=SURROUNDINGS,
        owner=owner,
        folder=data,
    )
    make = [str(initdb), "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8"]
    with programs.spawn(
        replace(run, command=[*make, "--locale=C.UTF-8"]), subprocess.DEVNULL
    ) as one:
        assert one.wait() == 0
    return run


@pytest.fixture
def broker(operator: Operator) -> Iterator[str]:
    """A Kafka that runs without the stack that it is given to."""
    above = operator.data.parent
    with programs.running([kafka.program(above)]):
        yield f"127.0.0.1:{ports.port_of(above, 'kafka')}"


async def test_a_stack_on_servers_of_ones_own_starts_none_and_prepares_those(
    operator: Operator, broker: str, old_postgres: str
) -> None:
    owner = await asyncpg.connect(old_postgres)
    await owner.execute("CREATE ROLE mine LOGIN")
    await owner.execute("CREATE DATABASE books OWNER mine")
    assert await owner.fetchval("SHOW server_version_num") < "160000"
    await owner.close()
    url = old_postgres.replace("postgres@", "mine@").replace("/postgres", "/books")

    given = {KAFKA: broker, "CREDITS_DATABASE_URL": url}
    started = operator.calls("up", "--detach", "--only", "credits", **given)
    assert started.returncode == 0, started.stderr
    assert f"{KAFKA}={broker}\nCREDITS_DATABASE_URL={url}\n" in started.stdout
    assert {name: row.state for name, row in operator.sees().items()} == {
        "credits": "running",
        "credits-questions": "running",
    }

    mine = await asyncpg.connect(url)
    assert await mine.fetchval("SELECT count(*) FROM schema_version") == 1
    await mine.close()
    assert operator.calls("down").returncode == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {KAFKA: NOBODY, "CREDITS_DATABASE_URL": CLOSED, "LIMITS_DATABASE_URL": CLOSED},
            f"no Kafka answers at {NOBODY}",
        ),
        ({"LIMITS_DATABASE_URL": CLOSED}, "CREDITS_DATABASE_URL is missing"),
    ],
    ids=["no Kafka", "a database for another service only"],
)
def test_servers_of_ones_own_that_do_not_answer_are_said_in_one_line(
    operator: Operator, given: dict[str, str], words: str
) -> None:
    failed = operator.calls("up", **given)
    assert failed.returncode == 1
    assert words in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr
    assert operator.leftovers() == []


async def test_a_database_that_lets_nobody_in_is_said() -> None:
    with pytest.raises(OperatorError, match="the database of credits does not let us in"):
        await migrate_all({"CREDITS_DATABASE_URL": CLOSED})
