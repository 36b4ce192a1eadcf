"""Who may say what to limits: every topic, told by everybody, with good tokens and bad ones.

The page is written down here once more: whoever adds a topic says here who may use it.
"""

from typing import NamedTuple
from uuid import uuid4

import pytest

from services.limits import domain
from shared.contracts import limits as contract
from shared.contracts.limits import HoldReplied, InviteReplied
from shared.contracts.types import JsonObject
from tests.askers import everybody
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker
from tests.limits.making import OWNER, accepted, asks_for, invite, opened
from tests.making import on_plan
from tests.permissions import (
    Subject,
    answers,
    assert_forbidden_to_all_others,
    assert_obeyed,
    became,
    code_of,
    subject_of,
    written_about,
)
from tests.signing import by

WHO = {
    "account.opened": "svc",
    "account.ownership.transfer.requested": "owner",
    "account.status.changed": "svc",
    "alert.read.requested": "member",
    "keyword.deleted": "svc",
    "limits.hold.confirmed": "svc",
    "limits.hold.released": "svc",
    "limits.hold.requested": "svc",
    "limits.override.update.requested": "dev",
    "plan.updated": "svc",
    "site.created": "svc",
    "site.creation.failed": "svc",
    "site.creation.requested": "admin",
    "site.deleted": "svc",
    "subscription.state.changed": "svc",
    "team.invite.accepted": "svc",
    "team.invite.expired": "svc",
    "team.invite.requested": "admin",
    "team.member.remove.requested": "admin",
    "team.member.role.change.requested": "admin",
    "team.member.seen": "svc",
}
OBEYED = {message.topic: message for message in contract.OBEYED}
TRANSFER = "account.ownership.transfer.requested"
SAID: JsonObject = {
    "clear": False,
    "expected_role": "editor",
    "expected_version": 0,
    "limit_type": "keywords",
    "role": "viewer",
    "source": "limits",
}
# Whose ids are a tenant's own, and what becomes of another's.
ABOUT_ONE_THING = {
    TRANSFER: "not.found",
    "limits.hold.confirmed": "dead letter",
    "limits.hold.released": "dead letter",
    "team.invite.accepted": "dead letter",
    "team.invite.expired": "dead letter",
    "team.member.remove.requested": "not.found",
    "team.member.role.change.requested": "not.found",
}


class Tenant(NamedTuple):
    """An account with an owner, a hold, somebody who is invited and somebody who came."""

    account: str
    hold: str
    invited: str
    active: str


async def living(worker: Worker) -> Tenant:
    account = str(uuid4())
    first, second = (by("owner", invite(number, account=account), OWNER) for number in (1, 2))
    await worker.obey(on_plan("scale", account), opened(account))
    hold = await worker.obey(asks_for(1, 10, account=account))
    invited, active = [await worker.obey(one) for one in (first, second)]
    comes = data_of(active, InviteReplied.topic)["member_id"]
    await worker.obey(accepted(comes, "ben", account))
    waits = data_of(invited, InviteReplied.topic)["member_id"]
    return Tenant(account, data_of(hold, HoldReplied.topic)["hold_id"], waits, comes)


def about(topic: str, tenant: Tenant, account: str) -> Subject:
    """A message of an account about things of a tenant, under an id of its own."""
    own = {name: str(uuid4()) for name in ("request_id", "invite_id", "site_id")}
    member = tenant.active if topic == TRANSFER else tenant.invited
    named = own | {"hold_id": tenant.hold, "member_id": member}
    return subject_of(OBEYED[topic], account, SAID | named)


def test_every_topic_says_who_may_use_it() -> None:
    assert WHO.keys() == OBEYED.keys() == {message.topic for message in domain.OBEYED}


@pytest.mark.parametrize("topic", sorted(WHO))
async def test_whoever_may_not_is_forbidden_writes_nothing_and_burns_no_id(
    worker: Worker, topic: str
) -> None:
    tenant, pool = await living(worker), worker.service.database.pool_for(None)
    subject = about(topic, tenant, tenant.account)

    await assert_forbidden_to_all_others(pool, worker.obey, subject, WHO[topic])


@pytest.mark.parametrize("topic", sorted(WHO))
async def test_whoever_may_is_obeyed(worker: Worker, topic: str) -> None:
    friends = [place for place, one in enumerate(everybody("")) if one.is_one_of(WHO[topic])]
    for place in friends:
        tenant = await living(worker)
        asker = everybody(tenant.account)[place]
        subject = about(topic, tenant, tenant.account)

        assert await assert_obeyed(worker.obey, subject, asker) <= {"ok"}, asker.name


@pytest.mark.parametrize("topic", sorted(ABOUT_ONE_THING))
async def test_what_is_another_tenants_is_not_found_and_stays_as_it_is(
    worker: Worker, topic: str
) -> None:
    theirs, own = await living(worker), await living(worker)
    pool = worker.service.database.pool_for(None)
    friend = next(one for one in everybody(own.account) if one.is_one_of(WHO[topic]))
    before = [await written_about(pool, one.account) for one in (theirs, own)]

    said = await worker.obey(about(topic, theirs, own.account).told_by(friend))

    assert [became(one) for one in said] == [ABOUT_ONE_THING[topic]]
    assert [await written_about(pool, one.account) for one in (theirs, own)] == before


async def test_a_role_that_only_an_owner_gives_is_given_by_nobody_else(worker: Worker) -> None:
    tenant = await living(worker)
    changes = "team.member.role.change.requested"
    said = {"member_id": tenant.active, "role": "owner", "expected_role": "editor"}
    subject = subject_of(OBEYED[changes], tenant.account, said)
    told = {
        asker.role: [code_of(x) for x in answers(await worker.obey(subject.told_by(asker)))]
        for asker in sorted(everybody(tenant.account), key=lambda one: one.role == "owner")
        if asker.is_one_of(WHO[changes])
    }

    assert told == {"admin": ["forbidden"], "developer": ["forbidden"], "owner": ["ok"]}
