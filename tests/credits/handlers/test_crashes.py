"""A process that dies at any await, and one that takes over: nothing is lost or done twice.

1. Whatever a worker was about when it died, after recovery and replay every table is as if it had
   lived.
2. Whoever drops repeats by `ce_id` has heard the same as if it had lived.
"""

from functools import partial

import pytest

from services.credits.domain import OBEYED
from services.credits.partitions import make_partitions
from shared.contracts.credits import ANNOUNCED, CreditsQueryReplied
from shared.contracts.operating import HealthReported
from tests.credits.handlers.lives import LATER_SECONDS, Life
from tests.credits.handlers.worker import working
from tests.mortal import Fate, lived, taken_over
from tests.recorder import Recorder
from tests.signing import VERIFIER

# What no batch of commands and events says.
ASIDE = CreditsQueryReplied, HealthReported
LEAST_CALLS = 40  # Of a life: fewer would mean that this test looks at nothing.


async def whole_life(url: str, life: Life, fate: Fate, log: Recorder) -> bool:
    return await lived(
        partial(working, url, verifier=VERIFIER), life.live, fate, log, LATER_SECONDS
    )


async def takes_over(url: str, life: Life, log: Recorder) -> None:
    await taken_over(partial(working, url, verifier=VERIFIER), life.live, log, LATER_SECONDS)


@pytest.fixture
async def undisturbed(url: str) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """The calls of a life without death, how it ends, and what is heard of it."""
    life, fate, log = Life(), Fate(), Recorder()
    async with working(url) as worker:
        await make_partitions(worker.service)
    assert not await whole_life(url, life, fate, log)
    async with working(url) as looker:
        state = await life.end_state(looker.service.database.pool_for(None))
    return fate.calls, state, life.announced(log.sent)


async def test_a_life_holds_everything_that_can_happen(
    undisturbed: tuple[list[str], dict[str, list[str]], list[str]],
) -> None:
    calls, state, announced = undisturbed

    assert len(calls) >= LEAST_CALLS
    assert {"begin", "commit", "publish", "copy_to_table"} <= set(calls)
    assert all(state.values()), f"a table without a row: {state}"
    told = {line.partition(" ")[0] for line in announced}
    assert told >= {message.topic for message in ANNOUNCED if message not in ASIDE}
    assert "ai.operation.completed.dlq" in told
    assert Life().topics >= {message.topic for message in OBEYED}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_death_at_any_await_changes_nothing_in_the_end(
    url: str,
    undisturbed: tuple[list[str], dict[str, list[str]], list[str]],
    is_after: bool,  # noqa: FBT001 - pytest's way to name a case.
) -> None:
    calls, state, announced = undisturbed

    for at, name in enumerate(calls):
        life, log = Life(), Recorder()
        assert await whole_life(url, life, Fate(at, is_after), log), f"nobody died at {at} ({name})"
        await takes_over(url, life, log)
        async with working(url) as looker:
            pool = looker.service.database.pool_for(None)
            assert await life.end_state(pool) == state, f"died at call {at}: {name}"
            assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
        assert life.announced(log.sent) == announced, f"died at call {at}: {name}"
