"""What an operator can rely on when he starts and stops the local stack."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.errors import OperatorError
from deploy.local import cache, environment, ports, postgres
from tests.deploy.conftest import Operator, eventually

pytestmark = pytest.mark.servers

SERVERS = ("up", "--only", "kafka,postgres")
WORKERS = ("credits", "credits-questions", "limits", "limits-questions")
DETACHED = (*SERVERS, "--detach")
PLACE = TopicPartition("account.opened", 0)


async def test_what_outlives_its_supervisor_is_found_and_what_is_killed_too_starts_on_its_data(
    operator: Operator,
) -> None:
    addresses = operator.calls(*DETACHED).stdout
    await remember(environment.read(operator.data))
    alive = {name: row.pid for name, row in operator.sees().items()}

    operator.kills("supervisor")
    assert operator.calls(*DETACHED).stdout == addresses
    assert {name: row.pid for name, row in operator.sees().items()} == alive

    for name in ("supervisor", "kafka", "postgres"):
        operator.kills(name)
    assert {row.state for row in operator.sees().values()} == {"stopped"}
    assert operator.calls(*DETACHED).stdout == addresses
    assert await remembered(environment.read(operator.data)) == ("kept", b"kept")

    assert operator.calls("down").returncode == 0
    assert operator.leftovers() == []
    assert json.loads(operator.calls("status", "--json").stdout) == {
        "processes": [
            {"name": name, "pid": None, "state": "stopped"}
            for name in ("kafka", "postgres", *WORKERS)
        ]
    }


def test_what_dies_is_started_again_until_ctrl_c_and_a_second_up_only_looks(
    borrower: Operator,
) -> None:
    with borrower.starts(*SERVERS) as first:
        assert first.stdout
        assert first.stdout.readline().startswith("KAFKA_BOOTSTRAP_SERVERS=")
        dead = borrower.kills("postgres")
        eventually(lambda: borrower.sees()["postgres"].state == "running")
        assert borrower.sees()["postgres"].pid != dead

        second = borrower.calls(*SERVERS)
        assert second.stdout == (borrower.data / "env").read_text()

        first.send_signal(signal.SIGINT)
        first.communicate()
    assert first.returncode == 0
    assert borrower.leftovers() == []


def test_a_stack_that_a_program_runs_ends_with_the_program(borrower: Operator) -> None:
    program = "import pathlib, sys, time; from deploy.local import stack\n"
    program += "with stack.running(pathlib.Path(sys.argv[1])): print(); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-uc", program, str(borrower.data)],
        env=borrower.surroundings,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout
        child.stdout.readline()
        assert "another program runs a stack" in borrower.calls("up").stderr
        child.terminate()
    assert borrower.leftovers() == []


def test_a_taken_port_is_said_in_one_line_and_leaves_nothing_running(operator: Operator) -> None:
    operator.data.mkdir()
    port = ports.port_of(operator.data, "postgres")
    with socket.create_server(("127.0.0.1", port)):
        failed = operator.calls(*DETACHED)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith(f"igny8: port {port}, which PostgreSQL 18")
    assert "Traceback" not in failed.stderr
    assert operator.leftovers() == []


def test_a_server_that_does_not_start_is_said_in_one_line_and_takes_the_others_with_it(
    operator: Operator,
) -> None:
    data = operator.data / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9.6\n")
    failed = operator.calls(*SERVERS)
    assert failed.returncode == 1
    assert "igny8: PostgreSQL 18 ended before it was ready" in failed.stderr.splitlines()[-1]
    assert operator.leftovers() == []


@pytest.mark.parametrize(
    ("surroundings", "words"),
    [
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "is there a network?"),
        ({"IGNY8_CACHE": "/proc/cache"}, "/proc/cache"),
    ],
    ids=["no network", "a cache that cannot be written"],
)
def test_what_cannot_be_fetched_is_said_in_one_line(
    operator: Operator, tmp_path: Path, surroundings: dict[str, str], words: str
) -> None:
    failed = operator.calls(*SERVERS, **{"IGNY8_CACHE": str(tmp_path)} | surroundings)
    assert failed.returncode == 1
    assert words in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr


def test_room_that_is_missing_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"has \d+ MB left, 999999999 MB are needed"):
        cache.need_room(tmp_path / "data", 999_999_999)


def test_a_platform_that_has_no_programs_is_said() -> None:
    with pytest.raises(OperatorError, match="there is no PostgreSQL 18 for sunos5 on sparc here"):
        postgres.jar_for("sunos5", "sparc")


def test_an_unknown_service_is_said_in_one_line(operator: Operator) -> None:
    failed = operator.calls("up", "--only", "credits,debits")
    assert (failed.returncode, failed.stderr) == (1, "igny8: there is no debits to start\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives PostgreSQL to somebody else")
def test_as_root_a_stack_runs_below_a_folder_that_only_root_may_enter(borrower: Operator) -> None:
    borrower.data.parent.chmod(0o700)
    borrower.data = borrower.data.parent / "my data"
    assert borrower.calls(*DETACHED).returncode == 0
    elsewhere = (borrower.data / "postgres").resolve()
    assert not elsewhere.is_relative_to(borrower.data)
    borrower.calls("down")
    assert (elsewhere / "data" / "PG_VERSION").exists()


async def remember(settings: dict[str, str]) -> None:
    connection = await asyncpg.connect(settings["CREDITS_DATABASE_URL"])
    await connection.execute("CREATE TABLE memory AS SELECT 'kept' AS word")
    await connection.close()
    producer = AIOKafkaProducer(bootstrap_servers=settings[environment.KAFKA], acks="all")
    async with producer:
        await producer.send_and_wait(PLACE.topic, b"kept", partition=PLACE.partition)


async def remembered(settings: dict[str, str]) -> tuple[object, object]:
    connection = await asyncpg.connect(settings["CREDITS_DATABASE_URL"])
    word = await connection.fetchval("SELECT word FROM memory")
    await connection.close()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings[environment.KAFKA], auto_offset_reset="earliest"
    )
    async with consumer:
        consumer.assign([PLACE])
        record = await consumer.getone()
    return word, record.value
