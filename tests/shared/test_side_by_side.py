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


async def test_what_fails_is_raised_when_everything_has_ended() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0.01 * number)
        ended.append(number)
        if number == 0:
            raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        await side_by_side([partial(work, number) for number in range(5)], AT_ONCE)

    assert ended == [0, 1, 2, 3, 4]
