"""A worker is started, killed and stopped as an operator does it, always at its address."""

import signal
from pathlib import Path

import pytest

from deploy.local import worker
from deploy.local.status import row_of
from deploy.local.worker import Post
from shared.settings import Reads
from tests.deploy.conftest import eventually


def test_a_killed_worker_is_itself_again_after_a_start(environment: dict[str, str]) -> None:
    with worker.running("credits", environment) as credits:
        eventually(lambda: row_of(credits).lag == 0)
        before = row_of(credits)
        assert (before.name, before.state) == ("credits", "running")
        assert before.http == environment["CREDITS_HTTP"]

        credits.kill()
        assert row_of(credits).state == "stopped"

        credits.start()
        credits.wait_until_ready()
        after = row_of(credits)
        assert after.http == before.http
        assert after.pid != before.pid
    assert credits.process is None


def test_a_frozen_worker_is_seen_not_to_answer_and_ends_when_asked(
    environment: dict[str, str],
) -> None:
    with worker.running("credits", environment) as credits:
        assert credits.process
        credits.process.send(signal.SIGSTOP)
        assert row_of(credits).state == "starting"
    assert credits.process is None


@pytest.mark.parametrize(("reads", "niceness"), [("commands", 5), ("questions", 0)])
def test_whoever_obeys_gives_way_to_whoever_answers(
    environment: dict[str, str], tmp_path: Path, reads: Reads, niceness: int
) -> None:
    post = Post("credits", reads=reads)
    assert worker.program(post, tmp_path, environment).launch().niceness == niceness


@pytest.mark.parametrize(
    ("name", "post"),
    [
        ("credits", Post("credits", 1, "commands")),
        ("a_b-3", Post("a_b", 3, "commands")),
        ("a_b-questions", Post("a_b", 1, "questions")),
        ("credits-questions-2", Post("credits", 2, "questions")),
    ],
)
def test_a_worker_is_named_after_its_service_and_what_it_reads(name: str, post: Post) -> None:
    assert worker.post_of(name) == post
    assert post.name == name
