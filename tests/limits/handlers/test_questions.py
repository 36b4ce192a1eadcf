"""What is answered about an account: its limits, its team, its credits, and its commands."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from services.limits.queries.usage import period_of
from shared.contracts.credits import BalanceChanged
from shared.contracts.limits import InviteReplied, OverrideUpdateRequested, Period
from shared.contracts.message import Command, encode
from shared.contracts.moments import in_milliseconds, window_of
from shared.contracts.operating import fingerprint
from tests.limits.handlers.worker import Worker, working
from tests.limits.making import OWNER, accepted, asks_for, invite, opened, override, role, transfer
from tests.making import on_plan, uuid
from tests.signing import by

DAY_SECONDS = 24 * 60 * 60.0
EMAIL = "search-me@example.org"


def balance(account: str, version: int, credits: int, month: str) -> BalanceChanged:
    return BalanceChanged(
        account_id=account,
        balance=credits,
        held=0,
        available=credits,
        plan_bucket=credits,
        purchased_bucket=0,
        plan_code="starter",
        plan_credits_per_month=10_000,
        used_this_month=10_000 - credits,
        window=month,
        status="active",
        seq=version,
        version=version,
        at=in_milliseconds(datetime.now(UTC)),
    )


async def test_limits_are_told_as_they_are_this_month(
    worker: Worker, url: str, account: str
) -> None:
    hold = asks_for(1, 5, "ahrefs_queries", account, ttl_s=7200)
    await worker.obey(on_plan("starter", account), hold)

    told = await worker.tells("limits.usage", account)
    async with working(url, clock_offset=32 * DAY_SECONDS) as later:
        next_month = await later.tells("limits.usage", account)

    assert [(row["type"], row.get("limit"), row["held"]) for row in told["rows"]] == [
        ("sites", 2, 0),
        ("users", 2, 0),
        ("keywords", 1_000, 0),
        ("ahrefs_queries", 50, 5),
    ]
    assert [row["held"] for row in next_month["rows"]] == [0, 0, 0, 0]
    assert next_month["period"]["start"] > told["period"]["end"]


async def test_an_account_that_nobody_heard_of_has_free_limits_and_no_credits(
    worker: Worker, account: str
) -> None:
    before = datetime.now(UTC).date()
    summary = await worker.tells("usage.summary", account)
    days = {before, datetime.now(UTC).date()}  # Midnight may pass.

    assert [row.get("limit") for row in summary["limits"]] == [1, 1, 100, 0]
    assert summary["credits"] == {"balance": 0, "plan_allocation": 0, "used_this_month": 0}
    end = date.fromisoformat(summary["period"]["end"])
    assert (end + timedelta(days=1)).day == 1
    assert summary["period"]["days_remaining"] in {(end - day).days for day in days}


@pytest.mark.parametrize(
    ("now", "period"),
    [
        (
            datetime(2026, 1, 1, tzinfo=UTC),
            Period(start="2026-01-01", end="2026-01-31", days_remaining=30),
        ),
        (
            datetime(2028, 2, 15, 12, tzinfo=UTC),
            Period(start="2028-02-01", end="2028-02-29", days_remaining=14),
        ),
        (
            datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
            Period(start="2026-12-01", end="2026-12-31", days_remaining=0),
        ),
    ],
)
def test_a_period_is_a_month_and_says_how_many_days_come_after_today(
    now: datetime, period: Period
) -> None:
    assert period_of(now) == period


async def test_credits_stand_beside_limits_as_they_were_told_last(
    worker: Worker, account: str
) -> None:
    month = window_of(datetime.now(UTC))
    await worker.notes(balance(account, 7, 4_000, month), balance(account, 6, 9_000, month))
    await worker.notes(balance(account, 5, 9_500, month))

    credits = (await worker.tells("usage.summary", account))["credits"]
    await worker.notes(balance(account, 8, 3_000, "2020-01"))
    older = (await worker.tells("usage.summary", account))["credits"]

    assert credits == {"balance": 4_000, "plan_allocation": 10_000, "used_this_month": 6_000}
    assert (older["balance"], older["used_this_month"]) == (3_000, 0)


async def test_a_team_is_told_page_by_page_with_its_seats(worker: Worker, account: str) -> None:
    asked = [by("admin", invite(n, account=account)) for n in range(1, 12)]
    limits = on_plan("scale", account)
    unlimited = by("developer", override("users", None, account=account))
    await worker.obey(limits, unlimited, opened(account), *asked)

    first = await worker.tells("team.members", account, page={"size": 10})
    page = {"size": 10, "cursor": first["next_cursor"]}
    second = await worker.tells("team.members", account, page=page)
    owners = await worker.tells("team.members", account, state=["active"])
    found = await worker.tells("team.members", account, search="USER11@")

    assert (len(first["rows"]), len(second["rows"])) == (10, 2)
    assert "next_cursor" not in second
    assert len({row["member_id"] for row in (*first["rows"], *second["rows"])}) == 12
    assert first["seats"] == {"current": 12, "held": 0, "limit": None}
    assert [row["user_id"] for row in owners["rows"]] == [OWNER]
    assert [row["email"] for row in found["rows"]] == ["user11@example.com"]
    refused = await worker.asked("team.members", account, page={"cursor": "abc"})
    assert refused["error"]["code"] == "invalid"


async def test_an_answer_is_found_again_by_what_was_asked(worker: Worker, account: str) -> None:
    hold, seat = asks_for(1, 101, account=account), invite(2, EMAIL, account)
    await worker.obey(hold, by("admin", seat))

    denied = await worker.tells("command.outcome", account, topic=hold.topic, id=uuid(1))
    other = await worker.tells("command.outcome", account, topic=seat.topic, id=uuid(2))
    nothing = await worker.tells("command.outcome", account, topic=hold.topic, id=uuid(3))

    assert (denied["known"], denied["reply"]["error"]["code"]) == (True, "limit.reached")
    assert denied["fingerprint"] == fingerprint(encode(hold))
    assert (other["reply"]["status"], other["reply"]["data"]["current"]) == ("ok", 1)
    assert other["fingerprint"] == fingerprint(encode(seat))
    assert nothing == {"known": False}


async def seated(worker: Worker, account: str) -> str:
    """Somebody who is invited to a team with an owner."""
    seat = by("admin", invite(1, EMAIL, account))
    await worker.obey(on_plan("growth", account), opened(account), seat)
    (reply,) = worker.recorder.messages(InviteReplied)
    assert reply.data is not None
    return reply.data.member_id


async def test_the_latest_change_of_a_role_or_a_limit_is_found_by_what_it_is_of(
    worker: Worker, account: str
) -> None:
    member = await seated(worker, account)
    changes: list[Command] = [
        *(role(member, name, account) for name in ("admin", "viewer")),
        *(override("sites", limit, version, account) for version, limit in enumerate((7, None))),
    ]
    too_late = override("sites", 9, 0, account)
    sent = [await worker.obey(by("developer", one)) for one in (*changes, too_late)]
    replies = [said[0].said for said in sent]
    assert [reply["status"] for reply in replies] == ["ok"] * 4 + ["error"]

    for change, reply in ((changes[1], replies[1]), (changes[3], replies[3])):
        about = {"topic": change.topic, "id": change.subject}
        told = await worker.tells("command.outcome", account, **about)

        assert told["fingerprint"] == fingerprint(encode(change))
        assert told["reply"] == {"status": "ok", "data": reply["data"]}
        (again,) = await worker.obey(by("developer", change))
        assert again.said == {**reply, "replayed": True}
        assert await worker.tells("command.outcome", account, **about) == told
        assert await worker.tells("command.outcome", str(uuid4()), **about) == {"known": False}
    for name in ("keywords", "no-limit", member):
        topic = too_late.topic
        assert await worker.tells("command.outcome", account, topic=topic, id=name) == {
            "known": False
        }


async def test_a_role_that_somebody_lost_since_is_no_answer(worker: Worker, account: str) -> None:
    """Who asks for it again must not take the first answer for one to this."""
    member = await seated(worker, account)
    change = role(member, "admin", account)
    await worker.obey(accepted(member, "ben", account), by("owner", change, OWNER))
    about = {"topic": change.topic, "id": member}
    assert (await worker.tells("command.outcome", account, **about))["known"]

    await worker.obey(by("owner", transfer(2, member, account), OWNER))

    assert await worker.tells("command.outcome", account, **about) == {"known": False}


async def test_what_was_changed_before_answers_were_kept_is_answered_as_it_stands(
    worker: Worker, account: str
) -> None:
    change = by("developer", override("sites", 7, account=account))
    (first, *_) = await worker.obey(change)
    await worker.fetch("DELETE FROM commands WHERE account_id = $1", account)

    (again,) = await worker.obey(by("developer", override("sites", 7, account=account)))

    assert again.said == {**first.said, "replayed": True}
    about = {"topic": OverrideUpdateRequested.topic, "id": "sites"}
    assert await worker.tells("command.outcome", account, **about) == {"known": False}


async def test_what_every_service_answers_is_answered(worker: Worker, account: str) -> None:
    assert (await worker.tells("alerts.list", account))["rows"] == []
    assert (await worker.tells("audit.list", account))["rows"] == []
    assert (await worker.tells("system.health", account))["service"] == "limits"
