"""What nobody says happens by the clock: holds and invitations end, months begin, plans change."""

from functools import partial
from itertools import count

from shared.contracts.limits import (
    HoldReplied,
    InviteExpired,
    MemberChanged,
    UsageChanged,
    WindowOpened,
)
from tests.limits.handlers.worker import Worker, states, working
from tests.limits.making import asks_for, confirmed, invite, opened, plan_now
from tests.making import on_plan
from tests.signing import by

DAY_SECONDS = 24 * 60 * 60.0
VERSIONS = count(10)


async def test_a_hold_ends_when_its_time_has_passed(worker: Worker, url: str, account: str) -> None:
    await worker.obey(asks_for(1, 10, account=account, ttl_s=30))
    assert UsageChanged.topic not in [x.topic for x in await worker.sweep() if is_of(account, x)]

    async with working(url, clock_offset=31) as later:
        sent = [one for one in await later.sweep() if is_of(account, one)]

    assert states(sent)["keywords"] == (0, 0)
    found = "SELECT state, granted, confirmed FROM holds WHERE account_id = $1"
    assert await worker.fetch(found, account) == [("expired", 10, 0)]


def is_of(account: str, one: object) -> bool:
    return getattr(one, "key", None) == account.encode()


async def test_an_invitation_ends_after_seven_days(worker: Worker, url: str, account: str) -> None:
    asked = by("admin", invite(1, account=account))
    await worker.obey(on_plan("scale", account), opened(account), asked)

    async with working(url, clock_offset=7 * DAY_SECONDS + 1) as later:
        sent = [one for one in await later.sweep() if is_of(account, one)]

    assert InviteExpired.topic not in [one.topic for one in sent]
    (changed,) = (one.said for one in sent if one.topic == MemberChanged.topic)
    assert (changed["change"], changed["member"]["state"]) == ("expired", "removed")
    assert states(sent)["users"] == (1, 0)


async def test_a_month_begins_with_nothing_used(worker: Worker, url: str, account: str) -> None:
    poll = on_plan("starter", account), asks_for(1, 2, "ahrefs_queries", account, ttl_s=7200)
    await worker.obey(*poll)

    async with working(url, clock_offset=32 * DAY_SECONDS) as later:
        sent = [one for one in await later.sweep() if is_of(account, one)]
        again = [one for one in await later.sweep() if is_of(account, one)]

    assert [one.topic for one in sent].count(WindowOpened.topic) == 1
    assert states(sent)["ahrefs_queries"] == (0, 0)
    assert again == []
    months = "SELECT count(DISTINCT month) FROM counters WHERE account_id = $1 AND month <> '-'"
    assert await worker.fetch(months, account) == [(1,)]


async def test_what_was_held_last_month_is_added_to_what_was_used_in_it(
    worker: Worker, url: str, account: str
) -> None:
    await worker.obey(on_plan("starter", account))
    for number in (1, 2):
        await worker.obey(asks_for(number, 3, "ahrefs_queries", account))
    granted = [one.data for one in worker.recorder.messages(HoldReplied) if one.data]
    await worker.obey(confirmed(granted[0].hold_id, 3, account))

    async with working(url, clock_offset=32 * DAY_SECONDS) as later:
        await later.obey(opened(account))
        await later.obey(confirmed(granted[1].hold_id, 3, account))

    used = "SELECT used, held FROM counters WHERE account_id = $1 AND month = $2"
    assert await worker.fetch(used, account, granted[0].window) == [(6, 0)]


async def test_a_month_begins_also_where_nothing_else_is_due(
    worker: Worker, url: str, account: str
) -> None:
    await worker.obey(on_plan("starter", account), opened(account))

    async with working(url, clock_offset=32 * DAY_SECONDS) as later:
        sent = [one for one in await later.sweep() if is_of(account, one)]

    (begun,) = (one.said for one in sent if one.topic == WindowOpened.topic)
    (state,) = (one.said for one in sent if one.topic == UsageChanged.topic)
    assert (state["window"], state["version"]) == (begun["window"], begun["version"])


async def test_every_account_of_a_plan_follows_it(worker: Worker, url: str, account: str) -> None:
    await worker.obey(on_plan("growth", account))

    async with working(url) as another:
        assert await another.obey(plan_now("growth", next(VERSIONS), keywords=7_000)) == []
    sent = [one for one in await worker.sweep() if is_of(account, one)]

    (state,) = (one.said for one in sent)
    assert [row["limit"] for row in state["limits"] if row["type"] == "keywords"] == [7_000]
    assert [one for one in await worker.sweep() if is_of(account, one)] == []


async def test_whoever_is_behind_counts_in_the_month_that_is_open(
    worker: Worker, url: str, account: str
) -> None:
    """At a month's end the clocks of two workers differ: a month that has begun is not closed."""
    queries = partial(asks_for, limit_type="ahrefs_queries", account=account)
    async with working(url, clock_offset=32 * DAY_SECONDS) as ahead:
        await ahead.obey(on_plan("starter", account), queries(1, 30))
        await worker.obey(queries(2, 15))
        sent = await ahead.obey(queries(3, 6), queries(4, 5))

    assert states(sent)["ahrefs_queries"] == (0, 50)
    refused = [one.said["error"]["available"] for one in sent if "error" in one.said]
    assert refused == [5]
