"""`automation.run`: a run as it stands, with its stages."""

from collections.abc import Collection, Sequence

from services.credits.book import Key, Run, Stage
from services.credits.queries.books import Books
from services.credits.store import runs
from shared.asking import Question
from shared.contracts.credits.answers import Run as RunAnswer
from shared.contracts.credits.answers import RunStage
from shared.contracts.credits.queries import AskRun
from shared.contracts.errors import Error, not_found
from shared.contracts.moments import in_milliseconds


async def run_details(
    books: Books, questions: Sequence[Question[AskRun]]
) -> list[RunAnswer | Error]:
    """Another account's run is one that nobody knows; so is one that was never approved."""
    keys = [(question.account, question.params.run_id) for question in questions]
    found = await find_runs(books, set(keys))
    return [detail(found.get(key)) for key in keys]


async def find_runs(books: Books, keys: Collection[Key]) -> dict[Key, Run]:
    return await runs.find_runs(books.tx, keys)


def detail(run: Run | None) -> RunAnswer | Error:
    if run is None or run.requested_at is None or run.refusal is not None:
        return not_found("run")
    assert run.state != "refused", "a refusal is kept"
    return RunAnswer(
        run_id=run.run_id,
        state=run.state,
        estimated=run.estimated,
        held=run.held,
        charged=run.charged,
        released=run.released,
        shortfall=run.shortfall,
        expires_at=in_milliseconds(run.expires_at),
        stages=[stage_of(stage) for stage in run.stages],
        reason=run.reason,
    )


def stage_of(stage: Stage) -> RunStage:
    return RunStage(
        stage=stage.stage,
        operation_type=stage.operation_type,
        state=stage.state,
        estimated=stage.estimated,
        charged=stage.charged,
        items=stage.items,
    )
