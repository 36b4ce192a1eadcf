"""Marks of a limit as the rows remember them: each is told once a month, whatever lies between."""

from shared.contracts.limits import HoldReplied, ThresholdReached
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker, working
from tests.limits.making import asks_for, confirmed, keywords_gone


async def using(worker: Worker, account: str, number: int, quantity: int) -> None:
    """Hold so many keywords, and say that they are there."""
    sent = await worker.obey(asks_for(number, quantity, account=account))
    hold = data_of(sent, HoldReplied.topic)["hold_id"]
    await worker.obey(confirmed(hold, quantity, account))


async def test_the_highest_mark_that_was_told_is_remembered(worker: Worker, account: str) -> None:
    """Free has 100 keywords."""
    await using(worker, account, 1, 80)
    await using(worker, account, 2, 10)
    await worker.obey(keywords_gone(*range(20), account=account))
    await using(worker, account, 3, 20)

    told = [mark.threshold for mark in worker.recorder.messages(ThresholdReached)]
    assert told == [80, 90]


async def test_marks_of_the_accounts_month_are_known_while_a_clock_is_behind(
    url: str, account: str
) -> None:
    """Of two workers at a month's end: one has opened the new month, the other one still comes."""
    async with working(url, clock_offset=40 * 86_400) as ahead:
        await using(ahead, account, 1, 80)
    async with working(url) as behind:
        await behind.obey(keywords_gone(*range(30), account=account))
        await using(behind, account, 2, 30)

    told = [*ahead.recorder.messages(ThresholdReached), *behind.recorder.messages(ThresholdReached)]
    assert [mark.threshold for mark in told] == [80]
