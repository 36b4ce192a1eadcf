"""Seats as the rows remember them: who owns an account, and who was here before."""

from shared.contracts.limits import InviteReplied
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker, states
from tests.limits.making import OWNER, accepted, invite, opened, remove, role
from tests.making import on_plan
from tests.signing import by

OWNERS = """
    SELECT user_id, email FROM members
    WHERE account_id = $1 AND role = 'owner' AND state = 'active'
"""


async def test_an_owner_who_asked_before_is_seated_once_also_where_nobody_names_him(
    worker: Worker, account: str
) -> None:
    await worker.obey(on_plan("growth", account), by("owner", invite(1, account=account), OWNER))

    await worker.obey(opened(account, owner_user_id=None))

    assert await worker.fetch(OWNERS, account) == [(OWNER, "ann@example.com")]
    seats = "SELECT used FROM counters WHERE account_id = $1 AND limit_type = 'users'"
    assert await worker.fetch(seats, account) == [(2,)]


async def test_an_owner_who_left_before_his_account_was_announced_is_not_seated_again(
    worker: Worker, account: str
) -> None:
    """Another one took over meanwhile, and removed him."""
    await worker.obey(on_plan("growth", account))
    sent = await worker.obey(by("owner", invite(1, account=account), OWNER))
    member = data_of(sent, InviteReplied.topic)["member_id"]
    await worker.obey(accepted(member, "ben", account))
    await worker.obey(by("owner", role(member, "owner", account), OWNER))
    first = "SELECT member_id::text FROM members WHERE account_id = $1 AND user_id = $2"
    ((owner,),) = await worker.fetch(first, account, OWNER)
    assert states(await worker.obey(by("owner", remove(str(owner), account), "ben")))["users"]

    await worker.obey(opened(account))

    assert [user for user, _ in await worker.fetch(OWNERS, account)] == ["ben"]


async def test_nobody_has_two_seats_whichever_batch_he_came_in(
    worker: Worker, account: str
) -> None:
    await worker.obey(on_plan("growth", account), opened(account))
    for number in (1, 2):
        sent = await worker.obey(by("owner", invite(number, account=account), OWNER))
        member = data_of(sent, InviteReplied.topic)["member_id"]
        sent = await worker.obey(accepted(member, "ben", account))

    assert states(sent)["users"] == (2, 0)


async def test_of_two_owners_either_may_give_it_up_in_a_batch_of_its_own(
    worker: Worker, account: str
) -> None:
    await worker.obey(on_plan("growth", account), opened(account))
    sent = await worker.obey(by("owner", invite(1, account=account), OWNER))
    member = data_of(sent, InviteReplied.topic)["member_id"]
    await worker.obey(accepted(member, "ben", account))
    await worker.obey(by("owner", role(member, "owner", account), OWNER))

    (reply, *_) = await worker.obey(by("owner", role(member, "editor", account), "ben"))

    assert reply.said["status"] == "ok"
    assert await worker.fetch(OWNERS, account) == [(OWNER, "ann@example.com")]
