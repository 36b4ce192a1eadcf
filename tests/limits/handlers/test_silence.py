"""What changes something and says nothing at once is applied all the same; a repeat of it is not.

By that count an operator sees a topic that comes again and again.
"""

from shared.contracts.limits import HoldReplied
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker
from tests.limits.making import (
    OWNER,
    asks_for,
    confirmed,
    keywords_gone,
    opened,
    released,
    seen,
    site_failed,
    site_gone,
    site_made,
)
from tests.making import now_is, on_plan, plan_is, uuid

FATES = """
    SELECT coalesce(sum(applied), 0)::int, coalesce(sum(duplicate), 0)::int
    FROM kafka_offsets WHERE topic = ANY($1::text[])
"""


async def test_what_changes_something_without_a_word_is_applied_and_a_repeat_is_not(
    worker: Worker, account: str
) -> None:
    wishes = [asks_for(number, 10, account=account) for number in (1, 2)]
    first, second = [
        data_of(await worker.obey(one), HoldReplied.topic)["hold_id"] for one in wishes
    ]
    silent = [
        opened(account),
        site_made(1, account),
        site_gone(1, account),
        site_gone(2, account),
        site_failed(account, request_id=uuid(3)),
        confirmed(first, 10, account),
        released(second, account),
        keywords_gone(1, account=account),
        seen(OWNER, "2026-01-10T08:00:00Z", 1, account),
        seen(OWNER, "2026-01-09T08:00:00Z", 2, account),
        on_plan("starter", account),
        now_is("suspended", account),
        plan_is(f"plan-{account}", 0),
    ]
    topics = [message.topic for message in silent]
    ((applied, duplicate),) = await worker.fetch(FATES, topics)

    for one in silent:
        await worker.obey(one)
    await worker.obey(*silent)

    told = await worker.fetch(FATES, topics)
    assert told == [(applied + len(silent), duplicate + len(silent))]
