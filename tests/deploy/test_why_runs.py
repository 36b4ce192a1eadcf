"""The story of an operation that is part of a run, told from the books alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.why.found import Found, Run, find
from deploy.why.showing import Told, as_json, lines
from deploy.why.story import story_of
from services.credits.partitions import make_partitions
from shared.contracts.credits import UsageRecorded, UsageRow
from shared.verifying import one_moment
from tests.credits.handlers.worker import working
from tests.credits.rules.desk import Desk, desk_with
from tests.databases import own_database
from tests.hearing import all_of
from tests.making import ANN, completed, paid, record, requested, uuid
from tests.running import RUN, run_requested


def found(desk: Desk, number: int, *usage: UsageRow) -> Found:
    """What the rows would say, were there a database."""
    operation = desk.book.operations[ANN, uuid(number)]
    row = desk.book.runs[ANN, uuid(RUN)]
    run = Run(row.run_id, row.state, row.estimated, row.held, row.remaining, row.charged, 1)
    return Found(operation, usage, (), run, desk.book.catalogue.prices)


def test_an_operation_of_a_run_names_its_run_and_where_its_hold_is_from() -> None:
    desk = desk_with(plan=1_000)
    desk.tell(run_requested(), requested(1, run_id=uuid(RUN), stage=1))
    rows = all_of(UsageRecorded, desk.tell(completed(1)))
    one = found(desk, 1, *rows)
    told = Told(one, story_of(one, ()), is_heard=False)

    text = "\n".join(lines(told))
    assert f"part of run {uuid(RUN)}" in text
    assert f"in run {uuid(RUN)}, stage 1" in text
    (decision,) = (step for step in told.steps if step.what == "authorised")
    assert "out of what its run holds first" in decision.words
    assert "No Kafka answers" in text
    (shown,) = as_json([told])["operations"]
    assert shown["run"]["run_id"] == uuid(RUN)


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "why") as url:
        yield url


async def test_in_the_books_it_is_found_by_its_id_alone_with_its_run(url: str) -> None:
    async with working(url) as worker:
        await make_partitions(worker.service)
        await worker.obey([record(paid(1_000)), record(run_requested())])
        await worker.obey([record(requested(1, run_id=uuid(RUN), stage=1))])
        await worker.obey([record(completed(1))])
    async with one_moment(url) as tx:
        (one,) = await find(tx, uuid(1), 20)
        assert await find(tx, uuid(2), 20) == []

    assert one.operation.account_id == ANN
    assert one.run is not None
    assert (one.run.run_id, one.run.state, one.run.held) == (uuid(RUN), "running", 300)
    (entry,) = one.entries
    assert (entry.amount, [row.run_id for row in one.usage]) == (-47, [uuid(RUN)])
    ended = next(step for step in story_of(one, ()) if step.what == "ended")
    assert ended.words.startswith("charged 47 credits")
