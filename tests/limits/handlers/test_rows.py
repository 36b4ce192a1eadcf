"""What a batch leaves in the rows is what the next one finds, whoever reads it."""

from itertools import count
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.limits import (
    HoldReplied,
    InviteReplied,
    MemberChanged,
    OverageCleared,
    OverageDetected,
    SiteCreationReplied,
    ThresholdReached,
)
from shared.contracts.operating import AlertReadRequested
from shared.lanes import lane_of
from tests.limits.handlers.worker import Worker, states, working
from tests.limits.making import (
    accepted,
    asks_for,
    asks_for_site,
    confirmed,
    invite,
    keywords_gone,
    opened,
    override,
    released,
    remove,
    role,
    seen,
    site_failed,
    site_gone,
    site_made,
    transfer,
)
from tests.making import now_is, on_plan, uuid
from tests.recorder import Sent
from tests.signing import by

COUNTERS = """
    SELECT limit_type, used, held FROM counters WHERE account_id = $1 AND (used, held) <> (0, 0)
    ORDER BY limit_type
"""
OWNER = "owner-of-ann"


def data_of(sent: list[Sent], topic: str) -> dict[str, str]:
    (reply,) = (one.said for one in sent if one.topic == topic)
    assert reply["status"] in ("ok", "partial"), reply
    data: dict[str, str] = reply["data"]
    return data


async def test_a_hold_is_granted_in_one_batch_and_confirmed_in_another(
    worker: Worker, url: str, account: str
) -> None:
    first = await worker.obey(opened(account), asks_for(1, 50, account=account))
    hold = data_of(first, HoldReplied.topic)["hold_id"]
    assert states(first) == {
        "sites": (0, 0),
        "users": (1, 0),
        "keywords": (0, 50),
        "ahrefs_queries": (0, 0),
    }

    async with working(url) as another:
        assert states(await another.obey(confirmed(hold, 40, account)))["keywords"] == (40, 0)
        assert states(await another.obey(keywords_gone(1, 2, account=account))) == {
            "sites": (0, 0),
            "users": (1, 0),
            "keywords": (38, 0),
            "ahrefs_queries": (0, 0),
        }
        again = await another.obey(
            keywords_gone(2, account=account),
            confirmed(hold, 40, account),
            asks_for(1, 50, account=account),
            asks_for(1, 51, account=account),
        )

    repeat, other = (one.said for one in again)
    assert (repeat["replayed"], repeat["data"]["hold_id"]) == (True, hold)
    assert other["error"]["code"] == "conflict"
    assert await worker.fetch(COUNTERS, account) == [("keywords", 38, 0), ("users", 1, 0)]


async def test_a_poll_that_comes_again_changes_nothing(worker: Worker, account: str) -> None:
    poll = [by("admin", asks_for_site(1, account)), by("admin", invite(2, account=account))]
    assert await worker.obey(*poll)

    assert await worker.obey(*poll) == []


async def test_sites_are_known_by_their_own_ids_and_by_what_was_asked(
    worker: Worker, account: str
) -> None:
    reply = await worker.obey(on_plan("growth", account), by("admin", asks_for_site(1, account)))
    hold = data_of(reply, SiteCreationReplied.topic)["hold_id"]
    await worker.obey(by("admin", asks_for_site(2, account)), site_failed(account, hold_id=hold))

    assert states(await worker.obey(site_made(7, account, request_id=uuid(2))))["sites"] == (1, 0)
    assert await worker.obey(site_made(7, account)) == []
    assert states(await worker.obey(site_made(8, account)))["sites"] == (2, 0)
    assert states(await worker.obey(site_gone(7, account)))["sites"] == (1, 0)
    assert await worker.obey(site_gone(7, account), site_gone(9, account)) == []
    assert await worker.obey(site_made(9, account)) == []  # It was deleted before.


async def test_a_team_is_found_again_by_whatever_names_a_member(
    worker: Worker, account: str
) -> None:
    sites = [uuid(1), uuid(2)]
    asked = by("owner", invite(1, account=account, site_access=sites), OWNER)
    await worker.obey(on_plan("scale", account), opened(account), asked)
    invited = worker.recorder.messages(InviteReplied)[-1].data
    assert invited is not None
    member = invited.member_id

    await worker.obey(accepted(member, "ben", account))
    await worker.obey(seen("ben", "2026-01-10T08:00:00Z", 1, account))
    await worker.obey(seen("ben", "2026-01-11T08:00:00Z", 2, account))
    await worker.obey(by("owner", role(member, "admin", account), OWNER))
    await worker.obey(by("owner", transfer(3, member, account), OWNER))

    changed = worker.recorder.messages(MemberChanged)
    assert [one.change for one in changed] == ["accepted", "role", "ownership", "ownership"]
    ben = next(one.member for one in reversed(changed) if one.member.user_id == "ben")
    assert (ben.role, list(ben.site_access), ben.state) == ("owner", sites, "active")
    assert [one.site_id for one in ben.last_seen_sites] == sites
    assert ben.last_seen_at == "2026-01-11T08:00:00.000Z"
    seats = states(await worker.obey(by("owner", remove(member_of(worker), account), "ben")))
    assert seats["users"] == (1, 0)


def member_of(worker: Worker) -> str:
    """The owner that was."""
    changed = worker.recorder.messages(MemberChanged)
    return next(one.member.member_id for one in changed if one.member.user_id == OWNER)


async def test_marks_and_overrides_and_overages_are_remembered(
    worker: Worker, account: str
) -> None:
    granted = await worker.obey(asks_for(1, 90, account=account))
    hold = data_of(granted, HoldReplied.topic)["hold_id"]
    await worker.obey(confirmed(hold, 90, account))
    (mark,) = worker.recorder.messages(ThresholdReached)
    assert (mark.threshold, mark.used, mark.limit) == (90, 90, 100)
    (alert,) = (x.said for x in worker.recorder.of("alert.raised"))
    await worker.obey(keywords_gone(*range(20), account=account))
    granted = await worker.obey(asks_for(2, 20, account=account))
    hold = data_of(granted, HoldReplied.topic)["hold_id"]
    await worker.obey(confirmed(hold, 20, account))
    assert len(worker.recorder.messages(ThresholdReached)) == 1

    sent = await worker.obey(by("developer", override("keywords", 80, account=account)))
    (over,) = worker.recorder.messages(OverageDetected)
    assert [(item.type, item.over_by) for item in over.items] == [("keywords", 10)]
    assert {"audit.recorded", "limits.override.update.replied"} <= {one.topic for one in sent}
    sent = await worker.obey(by("developer", override("keywords", 5, account=account)))
    assert sent[0].said["error"]["version"] == 1
    assert await worker.fetch("SELECT count(*) FROM audit WHERE account_id = $1", account) == [(1,)]
    read = AlertReadRequested(account_id=account, source="limits", alert_ids=[alert["alert_id"]])
    sent = await worker.obey(by("viewer", read))
    assert sent[0].said["data"] == {"read": 1, "missing": 0, "unread_count": 1}


@pytest.mark.parametrize("limit_type", ["keywords", "users"])
async def test_a_refusal_is_kept_and_told_again(
    worker: Worker, account: str, limit_type: str
) -> None:
    command = asks_for(1, 101, limit_type, account)
    (first,) = (one.said for one in await worker.obey(command) if one.topic.endswith("replied"))
    (again,) = (one.said for one in await worker.obey(command))

    assert first["error"]["code"] == "limit.reached"
    assert again == {**first, "replayed": True}


@pytest.mark.parametrize("quantity", [0, -1])
async def test_nothing_is_no_wish_and_leaves_the_id_free(
    worker: Worker, account: str, quantity: int
) -> None:
    (reply,) = await worker.obey(asks_for(1, quantity, account=account))

    assert reply.said["error"]["code"] == "invalid"
    assert [one["path"] for one in reply.said["error"]["fields"]] == ["quantity"]
    assert await worker.fetch("SELECT 1 FROM holds WHERE account_id = $1", account) == []
    assert data_of(await worker.obey(asks_for(1, 1, account=account)), HoldReplied.topic)


async def test_confirming_more_than_was_granted_is_a_dead_letter(
    worker: Worker, account: str
) -> None:
    granted = await worker.obey(asks_for(1, 10, account=account))
    hold = data_of(granted, HoldReplied.topic)["hold_id"]

    (dead,) = await worker.obey(confirmed(hold, 11, account))

    assert dead.topic == "limits.hold.confirmed.dlq"
    assert dead.header("dlq_reason") == b"invalid"
    assert msgspec.json.decode(dead.value or b"")["quantity"] == 11
    assert await worker.fetch(COUNTERS, account) == [("keywords", 0, 10)]


async def test_an_invitation_is_answered_in_another_batch_as_at_first(
    worker: Worker, account: str
) -> None:
    await worker.obey(on_plan("scale", account), opened(account))
    (first, *_) = await worker.obey(by("admin", invite(1, account=account)))

    (again,) = await worker.obey(by("admin", invite(1, account=account)))

    assert again.said == {**first.said, "replayed": True}


async def test_a_hold_of_another_account_is_a_dead_letter(worker: Worker, account: str) -> None:
    """Also of a neighbour, whose rows lie in the same lane."""
    granted = await worker.obey(asks_for(1, 10, account=account))
    hold = data_of(granted, HoldReplied.topic)["hold_id"]
    strangers = (str(uuid4()) for _ in count())
    stranger = next(one for one in strangers if lane_of(one) == lane_of(account))

    sent = await worker.obey(confirmed(hold, 10, stranger), released(hold, stranger))

    assert [one.topic for one in sent] == ["limits.hold.confirmed.dlq", "limits.hold.released.dlq"]
    assert await worker.fetch(COUNTERS, account) == [("keywords", 0, 10)]


@pytest.mark.parametrize("is_there", [True, False])
async def test_whoever_asks_late_for_a_site_is_answered_the_same_in_every_batch(
    worker: Worker,
    account: str,
    is_there: bool,  # noqa: FBT001 - pytest's way to name a case.
) -> None:
    named = {"request_id": uuid(1)}
    await worker.obey(site_made(7, account, **named) if is_there else site_failed(account, **named))

    (first,) = await worker.obey(by("admin", asks_for_site(1, account)))
    (again,) = await worker.obey(by("admin", asks_for_site(1, account)))

    assert first.said["status"] == ("ok" if is_there else "error")
    assert again.said == {**first.said, "replayed": True}


async def test_an_account_at_rest_is_told_why_and_since_when_in_every_batch(
    worker: Worker, account: str
) -> None:
    since = "2026-01-10T08:00:00.000Z"
    await worker.obey(now_is("suspended", account, reason="unpaid", since=since))

    (reply, _) = await worker.obey(asks_for(1, 1, account=account))

    error = reply.said["error"]
    told = error["code"], error["reason"], error["since"]
    assert told == ("account.suspended", "unpaid", since)


async def test_a_limit_is_passed_since_the_same_moment_whatever_comes_later(
    worker: Worker, account: str
) -> None:
    since = "SELECT over_by, over_since FROM counters WHERE account_id = $1 AND over_by > 0"
    await worker.obey(site_made(1, account), site_made(2, account))
    ((_, first),) = await worker.fetch(since, account)

    await worker.obey(site_made(3, account))
    assert await worker.fetch(since, account) == [(2, first)]
    await worker.obey(site_gone(2, account), site_gone(3, account))
    assert await worker.fetch(since, account) == []
    await worker.obey(site_made(4, account))

    ((over_by, anew),) = await worker.fetch(since, account)
    assert (over_by, str(anew) > str(first)) == (1, True)


async def test_what_a_lower_limit_leaves_too_many_is_told_in_one_batch_alone(
    worker: Worker, account: str
) -> None:
    growth, free = (
        on_plan(code, account, version=n) for n, code in enumerate(("growth", "free"), 1)
    )
    await worker.obey(growth, site_made(1, account), site_made(2, account))

    await worker.obey(free)
    await worker.obey(asks_for(1, 1, account=account))
    assert [one.items[0].over_by for one in worker.recorder.messages(OverageDetected)] == [1]
    await worker.obey(site_gone(1, account))
    await worker.obey(asks_for(2, 1, account=account))

    assert len(worker.recorder.messages(OverageDetected)) == 1
    assert [one.items[0].used for one in worker.recorder.messages(OverageCleared)] == [1]
