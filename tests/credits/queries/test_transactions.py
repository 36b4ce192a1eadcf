"""`credits.transactions` pages through the ledger, the newest row first."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.contracts.moments import in_milliseconds
from shared.contracts.types import Json, JsonObject
from tests.credits.queries.clerk import Clerk, token
from tests.making import completed, images_completed, images_requested, paid


async def all_pages(clerk: Clerk, account: str | None, **params: Json) -> list[JsonObject]:
    """Follow the cursors to the end; the developer asks."""
    actor, cursor, rows = token("developer", None), None, list[JsonObject]()
    while True:
        page = {"size": 10} | ({"cursor": cursor} if cursor else {})
        data = await clerk.tells("credits.transactions", account, actor, page=page, **params)
        rows += data["rows"]
        cursor = data.get("next_cursor")
        if cursor is None:
            return rows


async def test_a_row_stands_as_it_was_written(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(100, account))
    await clerk.hears(completed(7, account))

    data = await clerk.tells("credits.transactions", account)

    charge, grant = data["rows"]
    own = {name: charge.pop(name) for name in ("created_at", "transaction_id")}
    assert charge == {
        "account_id": account,
        "seq": 2,
        "type": "deduction",
        "amount": -47,
        "plan_delta": -47,
        "purchased_delta": 0,
        "balance_after": 53,
        "description": "Content generation",
        "reference_type": "operation",
        "reference_id": completed(7).operation_id,
        "metadata": {},
    }
    assert (grant["seq"], grant["type"], grant["amount"]) == (1, "subscription", 100)
    assert data["totals"] == {"in": 100, "out": 47}
    assert "next_cursor" not in data
    assert datetime.fromisoformat(own["created_at"]).tzinfo is not None


async def test_the_transaction_is_the_one_that_the_fact_names(clerk: Clerk, account: str) -> None:
    sent = await clerk.hears(paid(100, account))
    data = await clerk.tells("credits.transactions", account)

    (fact,) = (one.said for one in sent if one.topic == "credits.granted")
    assert data["rows"][0]["transaction_id"] == fact["transaction_id"]


async def test_an_account_without_rows_has_an_empty_page(clerk: Clerk, account: str) -> None:
    data = await clerk.tells("credits.transactions", account)

    assert data == {"rows": [], "totals": {"in": 0, "out": 0}}


@pytest.mark.parametrize("size", [10, 25])
async def test_pages_stay_right_while_rows_arrive(clerk: Clerk, account: str, size: int) -> None:
    """None is shown twice, none is missed, and what is newer than the first page is not shown."""
    await clerk.hears(paid(5_000, account), *[completed(n, account) for n in range(24)])
    pages, cursor = list[list[int]](), None
    for arriving in range(100, 110):
        page = {"size": size} | ({"cursor": cursor} if cursor else {})
        data = await clerk.tells("credits.transactions", account, page=page)
        pages.append([row["seq"] for row in data["rows"]])
        await clerk.hears(completed(arriving, account))
        cursor = data.get("next_cursor")
        if cursor is None:
            break

    assert [seq for page in pages for seq in page] == list(range(25, 0, -1))
    assert len(pages) == {10: 3, 25: 1}[size]


async def test_totals_are_of_all_rows_that_match_and_not_of_the_page(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(
        paid(5_000, account),
        paid(500, account, invoice=2, kind="credit_package", code="starter"),
        *[completed(n, account) for n in range(15)],
    )

    every = await clerk.tells("credits.transactions", account, page={"size": 10})
    spent = await clerk.tells(
        "credits.transactions", account, type=["deduction"], page={"size": 10}
    )
    bought = await clerk.tells("credits.transactions", account, type=["purchase", "refund"])

    assert every["totals"] == {"in": 5_500, "out": 15 * 47}
    assert spent["totals"] == {"in": 0, "out": 15 * 47}
    assert {row["type"] for row in spent["rows"]} == {"deduction"}
    assert [row["amount"] for row in bought["rows"]] == [500]


async def test_the_ledger_of_s4_shows_100_charges_of_5_down_to_nothing(
    clerk: Clerk, account: str
) -> None:
    asked = [images_requested(number, account, quality=1) for number in range(200)]
    done = [images_completed(number, account, quality=1) for number in range(100)]
    await clerk.hears(paid(500, account), *asked)
    await clerk.hears(*done)

    data = await clerk.tells("credits.transactions", account, page={"size": 100})

    assert [row["amount"] for row in data["rows"]] == [-5] * 100
    assert [row["balance_after"] for row in data["rows"]] == list(range(0, 500, 5))
    assert data["totals"] == {"in": 500, "out": 500}


async def test_a_range_ends_before_its_end(clerk: Clerk, account: str) -> None:
    for number in range(3):
        await clerk.hears(paid(100 + number, account, invoice=number))
    data = await clerk.tells("credits.transactions", account)
    first, second, third = [row["created_at"] for row in reversed(data["rows"])]
    assert first < second < third

    async def within(**bounds: Json) -> list[int]:
        found = await clerk.tells("credits.transactions", account, **bounds)
        assert found["totals"]["in"] == sum(row["amount"] for row in found["rows"])
        return [row["amount"] for row in found["rows"]]

    assert await within(**{"from": second}) == [102, 101]
    assert await within(to=second) == [100]
    assert await within(**{"from": first, "to": third}) == [101, 100]
    assert await within(**{"from": third, "to": first}) == []


async def test_today_is_in_every_preset_and_tomorrow_in_none(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(100, account))
    today = datetime.now(UTC).date()

    for preset in ("7d", "30d", "90d", "6m"):
        data = await clerk.tells("credits.transactions", account, preset=preset)
        assert len(data["rows"]) == 1
    bounds: JsonObject = {"from": str(today + timedelta(days=1))}
    later = await clerk.tells("credits.transactions", account, **bounds)
    assert later["rows"] == []


@pytest.mark.parametrize("cursor", ["AAAA", "no-cursor", "!", "gqF4xAGA", "x" * 500])
async def test_a_cursor_of_somebody_else_is_invalid(
    clerk: Clerk, account: str, cursor: str
) -> None:
    error = await clerk.refuses("credits.transactions", account, page={"cursor": cursor})

    assert (error["code"], error["fields"][0]["path"]) == ("invalid", "params.page.cursor")


async def test_a_cursor_of_all_accounts_is_none_of_one(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(5_000, account), *[completed(n, account) for n in range(24)])
    developer = token("developer", None)
    every = await clerk.tells("credits.transactions", None, developer, page={"size": 10})
    one = await clerk.tells("credits.transactions", account, page={"size": 10})

    for account_id, page in ((account, every), (None, one)):
        given = {"cursor": page["next_cursor"]}
        error = await clerk.refuses("credits.transactions", account_id, developer, page=given)
        assert error["fields"][0]["path"] == "params.page.cursor"


async def test_a_developer_pages_through_everybodys_rows(clerk: Clerk) -> None:
    """Rows of one poll share their moment: accounts and numbers keep them apart."""
    accounts = {str(uuid4()) for _ in range(13)}
    begin = in_milliseconds(datetime.now(UTC))
    await clerk.hears(*[paid(1_000, account) for account in accounts])
    await clerk.hears(*[completed(n, account) for n in (1, 2, 3) for account in accounts])

    rows = await all_pages(clerk, None, **{"from": begin})

    named = [(row["account_id"], row["seq"]) for row in rows]
    assert sorted(named) == sorted((a, seq) for a in accounts for seq in (1, 2, 3, 4))
    times = [row["created_at"] for row in rows]
    assert times == sorted(times, reverse=True)


async def test_nobody_else_leaves_the_account_out(clerk: Clerk, account: str) -> None:
    owner = await clerk.refuses("credits.transactions", None, token("owner", account))
    service = await clerk.refuses("credits.transactions", None)
    developer = await clerk.refuses("credits.balance", None, token("developer", None))

    assert owner["code"] == "forbidden"
    assert service["fields"] == developer["fields"] == [{"path": "account_id", "reason": "Missing"}]
