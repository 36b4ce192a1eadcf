"""Marks of a limit as the rows remember them: each is told once a month, whatever lies between."""

from shared.contracts.limits import HoldReplied, ThresholdReached
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker
from tests.limits.making import asks_for, confirmed, keywords_gone


async def test_the_highest_mark_that_was_told_is_remembered(worker: Worker, account: str) -> None:
    """Free has 100 keywords."""

    async def use(number: int, quantity: int) -> None:
        sent = await worker.obey(asks_for(number, quantity, account=account))
        hold = data_of(sent, HoldReplied.topic)["hold_id"]
        await worker.obey(confirmed(hold, quantity, account))

    await use(1, 80)
    await use(2, 10)
    await worker.obey(keywords_gone(*range(20), account=account))
    await use(3, 20)

    told = [mark.threshold for mark in worker.recorder.messages(ThresholdReached)]
    assert told == [80, 90]
