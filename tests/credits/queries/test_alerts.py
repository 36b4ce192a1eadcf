"""`alerts.list` and `alert.read.requested`: who is told what, and what he has read of it."""

from collections.abc import Sequence
from uuid import uuid4

import pytest

from services.credits.handlers import obey
from shared.actor import Actor, sign
from shared.contracts.operating import AlertReadRequested
from shared.contracts.types import JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.making import completed, paid, reader, record
from tests.signing import EXPIRES, KEY, ME, VERIFIER

QUERY = "alerts.list"
CUSTOMER, OPS = {"credits.threshold", "credits.empty"}, {"credits.shortfall"}

reading = reader(AlertReadRequested, verifier=VERIFIER)


async def use_it_up(clerk: Clerk, account: str) -> None:
    """40 credits, and an article of 47: 95 % are used, nothing is left, 7 are missing."""
    await clerk.hears(paid(40, account), completed(1, account))


async def read(
    clerk: Clerk,
    account: str,
    alert_ids: Sequence[str],
    role: Role = "viewer",
    source: str = "credits",
) -> list[JsonObject]:
    """What is answered to a person who has read some alerts."""
    before = len(clerk.recorder.sent)
    fields: JsonObject = {"source": source, "alert_ids": alert_ids}
    actor = Actor(sub=ME, role=role, exp=EXPIRES, account_id=account)
    letter = reading.read(
        record(AlertReadRequested(account_id=account, **fields), {"actor": sign(actor, KEY)})
    )
    await obey(clerk.credits, [letter])
    await clerk.credits.service.outbox.settled()
    return [sent.said for sent in clerk.recorder.sent[before:]]


def kinds(said: JsonObject) -> set[str]:
    return {row["kind"] for row in said["rows"]}


async def ids(clerk: Clerk, account: str, role: Role = "developer") -> dict[str, str]:
    """The id of each alert of an account, by its kind."""
    said = await clerk.tells(QUERY, account, token(role, account))
    return {row["kind"]: row["alert_id"] for row in said["rows"]}


async def test_a_customer_sees_his_alerts_the_newest_first(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(40, account), completed(1, account, tokens_output=200))
    await clerk.hears(completed(2, account))
    raised = {sent.said["alert_id"]: sent.said for sent in clerk.recorder.of("alert.raised")}

    said = await clerk.tells(QUERY, account, token("viewer", account))

    assert [(row["kind"], row.get("threshold")) for row in said["rows"][-1:]] == [
        ("credits.threshold", 50)
    ]
    assert {(row["kind"], row.get("threshold")) for row in said["rows"][:-1]} == {
        ("credits.threshold", 95),
        ("credits.empty", None),
    }
    assert said["unread_count"] == 3
    assert all(row == raised[row["alert_id"]] for row in said["rows"])


@pytest.mark.parametrize("role", ["owner", "admin", "editor", "viewer", "system_bot", None])
async def test_what_is_for_operators_only_developers_see(
    clerk: Clerk, account: str, role: Role | None
) -> None:
    await use_it_up(clerk, account)
    actor = token(role, account) if role else None

    said = await clerk.tells(QUERY, account, actor)
    assert (kinds(said), said["unread_count"]) == (CUSTOMER, 2)
    error = await clerk.refuses(QUERY, account, actor, audience="ops")
    assert (error["code"], error["roles"]) == ("forbidden", ["developer"])


async def test_developers_see_all_or_choose(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)
    developer = token("developer", None)

    everything = await clerk.tells(QUERY, account, developer)
    ops = await clerk.tells(QUERY, account, developer, audience="ops")

    assert (kinds(everything), everything["unread_count"]) == (CUSTOMER | OPS, 3)
    assert (kinds(ops), ops["unread_count"]) == (OPS, 1)


async def test_another_account_has_other_alerts(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)

    assert await clerk.tells(QUERY, str(uuid4())) == {"rows": [], "unread_count": 0}


async def test_a_list_has_as_many_as_are_asked_for(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)

    said = await clerk.tells(QUERY, account, limit=1)
    assert (len(said["rows"]), said["unread_count"]) == (1, 2)
    error = await clerk.refuses(QUERY, account, limit=101)
    assert error["fields"][0]["path"] == "params.limit"


async def test_what_was_read_is_not_unread_any_more(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)
    known = await ids(clerk, account)

    for _ in range(2):  # The same command has the same answer.
        (reply,) = await read(clerk, account, [known["credits.empty"], str(uuid4())])
        assert (reply["topic"], reply["id"]) == ("alert.read.requested", "credits")
        assert reply["data"] == {"read": 1, "missing": 1, "unread_count": 1}

    unread = await clerk.tells(QUERY, account, unread=True)
    assert (kinds(unread), unread["unread_count"]) == ({"credits.threshold"}, 1)
    both = (await clerk.tells(QUERY, account))["rows"]
    assert [row["kind"] for row in both if "read_at" in row] == ["credits.empty"]


async def test_an_alert_that_was_named_twice_was_read_once(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)
    known = (await ids(clerk, account))["credits.empty"]

    (reply,) = await read(clerk, account, [known, known.upper()])

    assert reply["data"] == {"read": 1, "missing": 0, "unread_count": 1}


async def test_to_a_customer_alerts_for_operators_are_missing(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)
    shortfall = [(await ids(clerk, account))["credits.shortfall"]]

    (owner,) = await read(clerk, account, shortfall, "owner")
    (developer,) = await read(clerk, account, shortfall, "developer")

    assert owner["data"] == {"read": 0, "missing": 1, "unread_count": 2}
    assert developer["data"] == {"read": 1, "missing": 0, "unread_count": 2}


async def test_another_accounts_alerts_are_missing(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)

    (reply,) = await read(clerk, str(uuid4()), list((await ids(clerk, account)).values()))

    assert reply["data"] == {"read": 0, "missing": 3, "unread_count": 0}
    assert (await clerk.tells(QUERY, account))["unread_count"] == 2


async def test_what_names_another_service_is_left_to_it(clerk: Clerk, account: str) -> None:
    await use_it_up(clerk, account)
    known = await ids(clerk, account)

    assert await read(clerk, account, list(known.values()), source="limits") == []
    assert (await clerk.tells(QUERY, account))["unread_count"] == 2


async def test_a_mark_that_is_passed_again_in_the_same_month_is_told_once(
    clerk: Clerk, account: str
) -> None:
    await use_it_up(clerk, account)
    await clerk.hears(paid(10, account, invoice=2, kind="credit_package", code="pro"))
    await clerk.hears(completed(2, account))

    raised = [s.said for s in clerk.recorder.of("alert.raised") if s.said["account_id"] == account]
    assert [one["kind"] for one in raised].count("credits.empty") == 1
    assert (await clerk.tells(QUERY, account))["unread_count"] == 2
