"""Some work at once: never more than there is room for, and none is left behind."""

import asyncio
from functools import partial

import pytest

from shared.jobs import side_by_side

AT_ONCE = 3


async def test_as_much_is_under_way_as_there_is_room_for_and_no_more() -> None:
    under_way, most = 0, 0

    async def work(number: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return number

    done = await side_by_side([partial(work, number) for number in range(10)], AT_ONCE)

    assert done == list(range(10))
    assert most == AT_ONCE


async def test_what_fails_is_raised_when_all_that_had_begun_has_ended() -> None:
    began, ended = list[int](), list[int]()

    async def work(number: int) -> None:
        began.append(number)
        await asyncio.sleep(0.01 * number)
        if number == 0:
            raise ValueError(number)
        ended.append(number)

    with pytest.raises(ValueError, match="0"):
        await side_by_side([partial(work, number) for number in range(10)], AT_ONCE)

    assert began == [0, 1, 2]
    assert ended == [1, 2]


async def test_whoever_is_cancelled_leaves_nothing_behind() -> None:
    began, ended = list[int](), list[int]()

    async def work(number: int) -> None:
        began.append(number)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(number)

    doing = asyncio.create_task(
        side_by_side([partial(work, number) for number in range(10)], AT_ONCE)
    )
    await asyncio.sleep(0.01)
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing

    assert began == ended == [0, 1, 2]
