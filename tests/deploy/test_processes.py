"""A process is ours when its pid and its start time are; nobody else's is ever touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import processes, programs
from deploy.local.interrupts import Interrupts
from deploy.local.processes import Process
from deploy.local.programs import Launch, Program


@pytest.fixture
def sleeper() -> Iterator[Process]:
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    ) as child:
        process = Process.of(child)
        yield process
        process.kill()


def test_a_noted_process_is_found_again(sleeper: Process, tmp_path: Path) -> None:
    processes.note(tmp_path / "sleeper.json", sleeper)
    assert processes.noted(tmp_path / "sleeper.json") == sleeper
    assert processes.noted(tmp_path / "nobody.json") is None


def test_a_stranger_who_has_the_pid_of_a_dead_one_is_left_alone(sleeper: Process) -> None:
    dead = Process(sleeper.pid, sleeper.started - 60)
    processes.children.pop(sleeper.pid)
    assert not dead.is_alive
    dead.ask_to_end(signal.SIGTERM)
    dead.kill()
    assert sleeper.is_alive


def test_a_frozen_process_is_ended_too(sleeper: Process) -> None:
    sleeper.send(signal.SIGSTOP)
    sleeper.ask_to_end(signal.SIGTERM)
    assert sleeper.is_gone_within(10)


def test_one_that_gives_way_is_nice_and_so_is_its_session(sleeper: Process) -> None:
    sleeper.give_way(3)
    sleeper.give_way(1)  # Nobody takes back what an operator has said.

    assert psutil.Process(sleeper.pid).nice() == 3
    if (autogroup := Path(f"/proc/{sleeper.pid}/autogroup")).exists():
        assert autogroup.read_text().endswith(" nice 3\n")


def test_a_program_is_as_nice_as_it_is_launched(tmp_path: Path) -> None:
    sleeps = Launch(command=["sleep", "60"], environment=os.environ, niceness=2)
    program = Program(
        name="sleeper",
        title="Sleeper",
        home=tmp_path,
        launch=lambda: sleeps,
        is_ready=lambda: True,
    )
    with programs.running([program]):
        assert program.process is not None
        assert psutil.Process(program.process.pid).nice() == 2


def test_one_that_has_ended_gives_way_to_all(sleeper: Process) -> None:
    sleeper.kill()
    sleeper.give_way(3)
    assert not sleeper.is_alive


def test_one_that_does_not_end_when_asked_is_killed() -> None:
    deaf = ["sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"]
    with subprocess.Popen(deaf, start_new_session=True, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        process = Process.of(child)
        process.ask_to_end(signal.SIGTERM)
        process.end_within(0.1)
        assert child.returncode == -signal.SIGKILL


def test_an_interrupt_waits_until_what_must_not_be_disturbed_is_done() -> None:
    interrupts = Interrupts()
    done = []

    def work() -> None:
        with interrupts.shielded():
            interrupts.receive(signal.SIGTERM, None)
            done.append("all of it")

    with pytest.raises(SystemExit):
        work()
    assert done
    with pytest.raises(KeyboardInterrupt):
        interrupts.receive(signal.SIGINT, None)
