"""Things as the rows remember them: each counts once, whoever tells of it, whenever he does."""

import pytest

from shared.contracts.limits import HoldReplied
from tests.limits.handlers.test_rows import data_of
from tests.limits.handlers.worker import Worker, states
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    confirmed,
    invite,
    opened,
    seen,
    site_gone,
    site_made,
)
from tests.making import on_plan
from tests.signing import by


@pytest.mark.parametrize("limit_type", ["sites", "users"])
async def test_what_was_counted_by_name_is_not_counted_by_another_hold(
    worker: Worker, account: str, limit_type: str
) -> None:
    await worker.obey(on_plan("scale", account))
    for number, names in ((1, [11, 12]), (2, [12, 13])):
        sent = await worker.obey(asks_for(number, 2, limit_type, account))
        hold = data_of(sent, HoldReplied.topic)["hold_id"]
        sent = await worker.obey(confirmed(hold, 2, account, resources=names))

    assert states(sent)[limit_type] == (3, 0)


async def test_a_site_that_was_made_is_not_counted_by_a_hold(worker: Worker, account: str) -> None:
    await worker.obey(on_plan("growth", account), site_made(11, account))
    sent = await worker.obey(asks_for(1, 2, "sites", account))

    hold = data_of(sent, HoldReplied.topic)["hold_id"]
    sent = await worker.obey(confirmed(hold, 2, account, resources=[11, 12]))

    assert states(sent)["sites"] == (2, 0)


async def test_a_site_is_gone_since_it_was_deleted(worker: Worker, account: str) -> None:
    found = "SELECT state, since FROM resources WHERE account_id = $1"
    await worker.obey(site_made(11, account))
    ((_, made),) = await worker.fetch(found, account)

    await worker.obey(site_gone(11, account))

    ((state, gone),) = await worker.fetch(found, account)
    assert (state, str(gone) > str(made)) == ("removed", True)


async def test_when_somebody_came_is_told_with_his_name(worker: Worker, account: str) -> None:
    asked = by("admin", invite(1, account=account))
    await worker.obey(on_plan("growth", account), opened(account), asked)
    owner, guest = (await worker.tells("team.members", account))["rows"]
    assert "accepted_at" in owner
    assert "accepted_at" not in guest

    await worker.obey(accepted(guest["member_id"], "ben", account))

    _, member = (await worker.tells("team.members", account))["rows"]
    assert member["accepted_at"] >= owner["accepted_at"]
    assert (member["user_id"], member["state"]) == ("ben", "active")


async def test_who_was_seen_is_remembered_also_where_no_site_is_named(
    worker: Worker, account: str
) -> None:
    await worker.obey(opened(account), seen(OWNER, "2026-01-10T08:00:00Z", account=account))

    await worker.obey(seen(OWNER, "2026-01-11T08:00:00Z", account=account))

    (owner,) = (await worker.tells("team.members", account))["rows"]
    assert owner["last_seen_at"] == "2026-01-11T08:00:00.000Z"
