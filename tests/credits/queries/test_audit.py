"""`audit.list`: who changed what, before and after; a page at a time while more is changed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from shared import auditing
from shared.contracts.moments import in_milliseconds
from shared.contracts.operating import AuditActor, AuditObject, AuditRecorded
from shared.contracts.types import Json, JsonObject, Role
from shared.postgres import transaction
from tests.credits.queries.clerk import Clerk, question, token
from tests.credits.queries.pricing import develops
from tests.credits.rules.pricing import config_update, model_update
from tests.databases import own_database
from tests.signing import ME

QUERY = "audit.list"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
ADJUSTMENT = "credits.adjustment.requested"


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Books whose prices nobody else changes."""
    with own_database(home, environment, "credits", "audit") as url:
        yield url


def adjusted(account: str, minutes: int = 0, **said: Json) -> AuditRecorded:
    """An account's plan bucket was changed by hand, so many minutes after noon."""
    fields: JsonObject = {
        "actor": AuditActor(kind="user", user_id="dora", role="developer"),
        "action": ADJUSTMENT,
        "object": AuditObject(type="adjustment", id=str(uuid4())),
        "before": {"plan_bucket": 0},
        "after": {"plan_bucket": 7},
        "correlation_id": "ticket-7",
        "at": in_milliseconds(NOON + timedelta(minutes=minutes)),
    }
    return AuditRecorded(audit_id=str(uuid4()), account_id=account, **fields | said)


async def keep(clerk: Clerk, *audits: AuditRecorded) -> None:
    async with transaction(clerk.credits.service.database.pool_for(None)) as tx:
        await auditing.add(tx, audits)


def ids(rows: Sequence[JsonObject | AuditRecorded]) -> list[str]:
    return [row.audit_id if isinstance(row, AuditRecorded) else row["audit_id"] for row in rows]


async def test_a_price_change_is_told_to_developers_with_before_and_after(
    clerk: Clerk, account: str
) -> None:
    await develops(clerk, config_update(tokens_per_credit=80))

    (row,) = (await clerk.tells(QUERY, None, token("developer", None)))["rows"]
    assert row["actor"] == {"kind": "user", "user_id": ME, "role": "developer"}
    assert row["object"] == {"type": "cost.config", "id": "content_generation"}
    assert (row["before"]["tokens_per_credit"], row["after"]["tokens_per_credit"]) == (100, 80)
    assert row["correlation_id"] == "ticket-7"
    recorded = clerk.recorder.of(AuditRecorded.topic)[0].said
    assert row == recorded
    assert (await clerk.tells(QUERY, account))["rows"] == []


async def test_an_account_sees_its_own_and_nobody_elses(clerk: Clerk, account: str) -> None:
    other = str(uuid4())
    own, foreign = adjusted(account), adjusted(other)
    await keep(clerk, own, foreign)

    for actor in (None, token("owner", account), token("admin", account)):
        assert ids((await clerk.tells(QUERY, account, actor))["rows"]) == [own.audit_id]
    everything = await clerk.tells(QUERY, None, token("developer", None))
    assert set(ids(everything["rows"])) == {own.audit_id, foreign.audit_id}


@pytest.mark.parametrize("role", ["editor", "viewer", "system_bot"])
async def test_it_is_for_owners_and_admins(clerk: Clerk, account: str, role: Role) -> None:
    assert (await clerk.refuses(QUERY, account, token(role, account)))["code"] == "forbidden"


async def test_only_a_developer_asks_about_all_accounts(clerk: Clerk, account: str) -> None:
    assert (await clerk.refuses(QUERY, None))["fields"][0]["path"] == "account_id"
    error = await clerk.refuses(QUERY, None, token("owner", account))
    assert error["code"] == "forbidden"


@pytest.mark.parametrize("of_all", [False, True])
async def test_pages_miss_and_repeat_nothing_while_more_is_changed(
    clerk: Clerk, account: str, *, of_all: bool
) -> None:
    kept = [adjusted(account, minutes=number // 3) for number in range(25)]
    await keep(clerk, *kept)
    owner, actor = (None, token("developer", None)) if of_all else (account, None)

    seen, cursor = list[str](), None
    for more in range(1, 4):
        page: JsonObject = {"size": 10} | ({"cursor": cursor} if cursor else {})
        said = await clerk.tells(QUERY, owner, actor, page=page)
        seen += ids(said["rows"])
        cursor = said.get("next_cursor")
        await keep(clerk, adjusted(account, minutes=100 * more))
    assert cursor is None
    assert len(seen) == 25
    assert set(seen) == set(ids(kept))
    in_order = sorted(kept, key=lambda one: (one.at, one.audit_id), reverse=True)
    assert seen == ids(in_order)


async def test_filters_are_by_action_object_actor_and_time(clerk: Clerk, account: str) -> None:
    bobs = adjusted(account, 1, actor=AuditActor(kind="user", user_id="bob", role="developer"))
    nobodys = adjusted(account, 2, actor=AuditActor(kind="service"), action="some.other.requested")
    later = adjusted(account, 60)
    await keep(clerk, bobs, nobodys, later)

    async def found(**params: Json) -> list[str]:
        (reply,) = await clerk.answers(question(QUERY, account, params))
        return ids(reply["data"]["rows"])

    assert await found(actor="bob") == [bobs.audit_id]
    assert await found(action=["some.other.requested"]) == [nobodys.audit_id]
    assert await found(action=[ADJUSTMENT, "no.such.requested"]) == ids([later, bobs])
    assert await found(object_id=later.object.id) == [later.audit_id]
    noon = in_milliseconds(NOON)
    assert await found(**{"from": noon, "to": in_milliseconds(NOON + timedelta(hours=1))}) == ids(
        [nobodys, bobs]
    )
    assert await found(actor="bob", object_id=later.object.id) == []


async def test_a_cursor_of_another_query_is_none(clerk: Clerk, account: str) -> None:
    error = await clerk.refuses(QUERY, account, page={"cursor": "bm90aGluZw"})

    assert error["fields"][0]["path"] == "params.page.cursor"


async def test_prices_of_models_are_told_by_their_names(clerk: Clerk) -> None:
    await develops(clerk, model_update(is_default=True))

    said = await clerk.tells(QUERY, None, token("developer", None), object_id="gpt-5.1")
    (row,) = said["rows"]
    assert (row["before"]["is_default"], row["after"]["is_default"]) == (True, False)
