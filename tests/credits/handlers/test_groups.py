"""What a worker reads is a matter of its settings: everything, commands alone, or questions."""

from functools import partial
from typing import get_args

import pytest

from services.credits import handlers
from shared.service import Service
from shared.settings import Reads, Settings

ALL: Reads
ALL, COMMANDS, QUESTIONS = get_args(Reads)


def subscribed(reads: Reads) -> Service:
    service = Service("credits", Settings(kafka_bootstrap_servers="nowhere:0", reads=reads))
    handlers.subscribe(service)
    return service


@pytest.mark.parametrize(
    ("reads", "groups"),
    [
        (ALL, ["credits", "credits.queries"]),
        (COMMANDS, ["credits"]),
        (QUESTIONS, ["credits.queries"]),
    ],
)
def test_a_worker_is_in_the_groups_that_it_is_told(reads: Reads, groups: list[str]) -> None:
    assert [poller.group for poller in subscribed(reads).pollers] == groups


def test_nothing_is_left_undone_when_commands_and_questions_are_read_apart() -> None:
    jobs = {reads: names(subscribed(reads)) for reads in (ALL, COMMANDS, QUESTIONS)}
    assert sorted({*jobs[COMMANDS], *jobs[QUESTIONS]}) == sorted(jobs[ALL])
    assert {"sweep", "show", "make_partitions"} <= set(jobs[COMMANDS])
    assert not {"sweep", "show", "make_partitions"} & set(jobs[QUESTIONS])


def names(service: Service) -> list[str]:
    """Of the jobs that the process does by itself."""
    found = [job.func if isinstance(job, partial) else job for _, job in service.jobs]
    return [job.__name__ for job in found]
