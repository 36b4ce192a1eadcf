"""The story of an operation that is part of a run, told from the books alone."""

from deploy.why.found import Found, Run
from deploy.why.showing import Told, as_json, lines
from deploy.why.story import story_of
from shared.contracts.credits import UsageRecorded, UsageRow
from tests.credits.rules.desk import Desk, all_of, desk_with
from tests.making import ANN, completed, requested, uuid
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
