"""From batch to batch, in rows: first owners, refusals that write nothing, and ends of holds."""

from shared.contracts.limits import HoldReplied, InviteReplied
from tests.limits.handlers.worker import Worker, working
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    confirmed,
    invite,
    opened,
    released,
    remove,
    site_failed,
    transfer,
)
from tests.making import on_plan, uuid
from tests.signing import by

TEAM = "SELECT role, state, user_id FROM members WHERE account_id = $1 ORDER BY member_id"
HOLDS = "SELECT state, confirmed FROM holds WHERE account_id = $1"
USED = "SELECT sum(used)::int, sum(held)::int FROM counters WHERE account_id = $1"
LATER_SECONDS = 700.0  # A hold without a time of its own lasts ten minutes.


async def came(worker: Worker, account: str) -> str:
    """The owner as an admin had invited him, before the account was opened; his member id."""
    await worker.obey(on_plan("growth", account), by("admin", invite(1, account=account)))
    data = worker.recorder.messages(InviteReplied)[-1].data
    assert data is not None
    await worker.obey(accepted(data.member_id, OWNER, account))
    return data.member_id


async def test_an_owner_who_had_come_before_owns_the_account(worker: Worker, account: str) -> None:
    member = await came(worker, account)

    (fact,) = await worker.obey(opened(account))

    said = fact.said
    assert (fact.topic, said["change"]) == ("team.member.changed", "ownership")
    assert (said["previous_role"], said["member"]["member_id"]) == ("editor", member)
    assert await worker.fetch(TEAM, account) == [("owner", "active", OWNER)]
    assert await worker.obey(opened(account)) == []


async def test_an_owner_who_had_left_before_is_seated_anew(worker: Worker, account: str) -> None:
    member = await came(worker, account)
    await worker.obey(by("admin", remove(member, account)))

    await worker.obey(opened(account))

    assert await worker.fetch(TEAM, account) == [
        ("editor", "removed", OWNER),
        ("owner", "active", OWNER),
    ]
    assert await worker.fetch(USED, account) == [(1, 0)]


async def test_a_transfer_to_nobody_writes_nothing(worker: Worker, account: str) -> None:
    await worker.obey(on_plan("growth", account))

    (reply,) = await worker.obey(by("owner", transfer(1, uuid(404), account), OWNER))

    assert reply.said["error"]["code"] == "not.found"
    assert await worker.fetch(TEAM, account) == []


async def test_what_is_released_after_its_time_is_confirmed_by_nobody(
    worker: Worker, url: str, account: str
) -> None:
    await worker.obey(asks_for(1, 5, account=account))
    data = worker.recorder.messages(HoldReplied)[-1].data
    assert data is not None
    async with working(url, clock_offset=LATER_SECONDS) as later:
        await later.sweep()
    assert await worker.fetch(HOLDS, account) == [("expired", 0)]

    for said in (released(data.hold_id, account), confirmed(data.hold_id, 5, account)):
        assert await worker.obey(said) == []

    assert await worker.fetch(HOLDS, account) == [("released", 0)]
    assert await worker.fetch(USED, account) == [(0, 0)]


async def test_a_failure_under_a_hold_that_nobody_knows_is_set_aside(
    worker: Worker, account: str
) -> None:
    (dead,) = await worker.obey(site_failed(account, hold_id=uuid(404)))

    assert dead.topic == "site.creation.failed.dlq"
    assert dead.header("dlq_reason") == b"invalid"
