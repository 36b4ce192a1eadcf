"""`usage.log` shows each row that matches once, in any order, while others arrive."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.types import Json, JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.credits.queries.workshop import BLOG, RUN, SHOP, TOTAL, s23
from tests.making import completed, failed, paid, requested, uuid
from tests.signing import ME

SORTS = ("newest", "oldest", "credits", "cost")


async def paged(
    clerk: Clerk, account: str | None, arriving: Sequence[int] = (), **params: Json
) -> list[JsonObject]:
    """All pages to the end; after each of the first ones another row arrives."""
    rows, cursor, numbers = list[JsonObject](), None, list(arriving)
    actor = None if account else token("developer", None)
    while True:
        page = {"size": 10} | ({"cursor": cursor} if cursor else {})
        data = await clerk.tells("usage.log", account, actor, page=page, **params)
        rows += data["rows"]
        cursor = data.get("next_cursor")
        if cursor is None:
            return rows
        if numbers and account:
            await clerk.hears(completed(numbers.pop(), account))


@pytest.mark.parametrize("sort", SORTS)
async def test_s23_pages_have_neither_gaps_nor_repeats_while_rows_arrive(
    clerk: Clerk, account: str, sort: str
) -> None:
    await clerk.hears(*s23(account))
    before = {row["usage_id"] for row in await paged(clerk, account)}

    rows = await paged(clerk, account, range(100, 110), sort=sort)

    ids = [row["usage_id"] for row in rows]
    assert len(ids) == len(set(ids))
    assert before <= set(ids)
    assert len(before) == 33


async def test_rows_come_in_the_order_that_was_asked_for(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account), completed(1, account, model_used="nobody's"))
    newest, oldest, credits, cost = [await paged(clerk, account, sort=sort) for sort in SORTS]

    assert oldest == newest[::-1]
    charged = [row["credits_used"] for row in credits]
    costs = [float(row.get("cost_usd", "-1")) for row in cost]
    assert charged == sorted(charged, reverse=True)
    assert costs == sorted(costs, reverse=True)
    assert cost[-1]["model_used"] == "nobody's"


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ({"operation_type": ["clustering", "idea_generation"]}, 4),
        ({"operation_type": []}, 0),
        ({"site_id": SHOP}, 17),
        ({"site_id": BLOG, "operation_type": ["content_generation"]}, 12),
        ({"source": "automation"}, 11),
        ({"run_id": RUN}, 11),
        ({"run_id": uuid(0x61)}, 0),
        ({"user_id": "member-1"}, 16),
        ({"model": "gpt-5.1"}, 31),
        ({"model": "dall-e-3"}, 1),
        ({"status": "late"}, 33),
        ({"status": "failed"}, 1),
        ({"preset": "7d"}, 34),
        ({"from": "2026-01-01T00:30:00Z"}, 34),
        ({"to": "2026-01-01"}, 0),
    ],
)
async def test_count_and_sums_are_of_all_that_match(
    clerk: Clerk, account: str, params: JsonObject, number: int
) -> None:
    await clerk.hears(*s23(account), requested(1, account))
    await clerk.hears(failed(1, account, tokens_input=500, tokens_output=0))

    data = await clerk.tells("usage.log", account, page={"size": 10}, **params)
    rows = await paged(clerk, account, **params)

    assert data["total_count"] == len(rows) == number
    sums = data["sums"]
    assert sums["credits"] == sum(row["credits_used"] for row in rows)
    assert sums["tokens_input"] == sum(row.get("tokens_input", 0) for row in rows)
    assert float(sums["cost_usd"]) == pytest.approx(sum(float(row["cost_usd"]) for row in rows))


async def test_whatever_part_of_an_hour_is_asked_for_counts_its_rows(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(paid(500, account), completed(1, account))
    await clerk.hears(completed(2, account))
    data = await clerk.tells("usage.log", account, sort="oldest")
    second = data["rows"][1]["created_at"]

    since = await clerk.tells("usage.log", account, **{"from": second})
    until = await clerk.tells("usage.log", account, to=second)

    assert [since["total_count"], until["total_count"]] == [1, 1]
    assert since["rows"] == data["rows"][1:]


@pytest.mark.parametrize("role", ["viewer", "editor", "system_bot"])
async def test_cost_and_other_members_are_not_shown_to_everybody(
    clerk: Clerk, account: str, role: Role
) -> None:
    await clerk.hears(paid(500, account), completed(1, account, user_id=ME))
    await clerk.hears(completed(2, account, user_id="somebody else"))
    actor = token(role, account)

    data = await clerk.tells("usage.log", account, actor)
    by_cost = await clerk.refuses("usage.log", account, actor, sort="cost")
    of_other = await clerk.refuses("usage.log", account, actor, user_id="somebody else")
    own = await clerk.tells("usage.log", account, actor, user_id=ME)

    assert [row.get("user_id") for row in data["rows"]] == [None, ME]
    assert all("cost_usd" not in row for row in data["rows"])
    assert "cost_usd" not in data["sums"]
    assert by_cost["code"] == of_other["code"] == "forbidden"
    assert by_cost["roles"] == ["admin", "developer", "owner"]
    assert own["total_count"] == 1


async def test_a_developer_reads_everybodys_log(clerk: Clerk, account: str) -> None:
    begin: JsonObject = {"from": datetime.now(UTC).isoformat()}
    other = "00000000-0000-4000-8000-0000000beef0"
    await clerk.hears(*s23(account), *[completed(n, other) for n in range(200, 212)])

    rows = await paged(clerk, None, **begin)

    accounts = [row["account_id"] for row in rows]
    assert (accounts.count(account), accounts.count(other)) == (33, 12)
    assert len({row["usage_id"] for row in rows}) == 45


async def test_a_cursor_of_another_order_is_invalid(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account))
    data = await clerk.tells("usage.log", account, page={"size": 10})
    page = {"cursor": data["next_cursor"]}

    for sort in SORTS[1:]:
        error = await clerk.refuses("usage.log", account, sort=sort, page=page)
        assert (error["code"], error["fields"][0]["path"]) == ("invalid", "params.page.cursor")


async def test_usage_that_nobody_keeps_any_more_is_not_counted(clerk: Clerk, account: str) -> None:
    """Sums by hour outlive the rows that they are of."""
    await clerk.hears(paid(500, account), completed(1, account))
    pool = clerk.credits.service.database.pool_for(None)
    long_ago = datetime.now(UTC) - timedelta(days=500)
    await pool.execute(
        "INSERT INTO hourly_usage SELECT lane, account_id, date_trunc('hour', $2::timestamptz), "
        "site_id, operation_type, model, provider, image_quality, item_kind, source, status, "
        "actions, credits, shortfall, cost_usd, tokens_input, tokens_output, items, response_ms, "
        "responses FROM hourly_usage WHERE account_id = $1",
        account,
        long_ago,
    )

    since: JsonObject = {"from": str(long_ago.date())}
    log = await clerk.tells("usage.log", account)
    insights = await clerk.tells("credits.insights", account, dimension="site", **since)

    assert (log["total_count"], log["sums"]["credits"]) == (1, 47)
    assert insights["totals"]["credits"] == 2 * 47


async def test_sums_of_the_log_are_those_of_the_ledger(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account))

    log = await clerk.tells("usage.log", account)
    ledger = await clerk.tells("credits.transactions", account, type=["deduction"])

    assert log["sums"]["credits"] == ledger["totals"]["out"] == TOTAL
