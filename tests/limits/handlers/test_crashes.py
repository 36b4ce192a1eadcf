"""A process that dies at any await, and one that takes over: nothing is lost or done twice.

1. Whatever a worker was about when it died, after recovery and replay every table is as if it had
   lived.
2. Whoever drops repeats by `ce_id` has heard the same as if it had lived.
"""

from functools import partial

import pytest

from tests.limits.handlers.lives import LATER_SECONDS, Life
from tests.limits.handlers.worker import working
from tests.mortal import Fate, lived, taken_over
from tests.recorder import Recorder

LEAST_CALLS = 40  # Of a life: fewer would mean that this test looks at nothing.


async def whole_life(url: str, life: Life, fate: Fate, log: Recorder) -> bool:
    return await lived(partial(working, url), life.live, fate, log, LATER_SECONDS)


async def takes_over(url: str, life: Life, log: Recorder) -> None:
    await taken_over(partial(working, url), life.live, log, LATER_SECONDS)


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_death_at_any_await_changes_nothing_in_the_end(
    url: str,
    is_after: bool,  # noqa: FBT001 - pytest's way to name a case.
) -> None:
    life, fate, log = Life(), Fate(), Recorder()
    assert not await whole_life(url, life, fate, log)
    async with working(url) as looker:
        pool = looker.service.database.pool_for(None)
        state, announced = await life.end_state(pool), life.announced(log.sent)
        assert len(fate.calls) >= LEAST_CALLS
        assert all(state.values()), f"a table without a row: {state}"

        for at, name in enumerate(fate.calls):
            life, log = Life(), Recorder()
            assert await whole_life(url, life, Fate(at, is_after), log), f"nobody died at {name}"
            await takes_over(url, life, log)
            assert await life.end_state(pool) == state, f"died at call {at}: {name}"
            assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
            assert life.announced(log.sent) == announced, f"died at call {at}: {name}"
