"""`credits.insights` looks at the same use from every side: totals agree, and so does the log."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.credits.derived import HOURS
from shared.contracts.types import Json, JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.credits.queries.workshop import BLOG, MADE, SHOP, TOTAL, s23
from tests.making import completed, failed, images_completed, paid, requested

WHOLE = ("site", "action", "automation", "timeline", "provider", "model", "consumption", "top")
DIMENSIONS = (*WHOLE, "hour_of_week")


async def by_key(
    clerk: Clerk, account: str, dimension: str, **params: Json
) -> dict[str, JsonObject]:
    data = await clerk.tells("credits.insights", account, dimension=dimension, **params)
    return {row["key"]: row for row in data["rows"]}


async def test_s23_every_dimension_has_the_same_totals(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account))
    log = await clerk.tells("usage.log", account)
    balance = await clerk.tells("credits.balance", account)

    found = [await clerk.tells("credits.insights", account, dimension=name) for name in DIMENSIONS]

    totals = found[0]["totals"]
    assert totals["credits"] == log["sums"]["credits"] == TOTAL
    assert totals["cost_usd"] == log["sums"]["cost_usd"]
    assert totals["actions"] == log["total_count"]
    assert balance["credits_used_this_month"] == TOTAL
    for data in found:
        assert data["totals"] == totals
        for name in ("credits", "actions", "items", "tokens_input", "failures"):
            assert sum(row[name] for row in data["rows"]) == totals[name]


async def test_a_range_counts_to_the_moment_from_whatever_side(clerk: Clerk, account: str) -> None:
    for wave in s23(account):
        await clerk.hears(wave)
    log = await clerk.tells("usage.log", account)
    middle = log["rows"][len(log["rows"]) // 2]["created_at"]

    for span in ({"from": middle}, {"to": middle}, {"from": middle, "to": middle}):
        asked = await clerk.tells("usage.log", account, **span)
        for name in DIMENSIONS:
            found = await clerk.tells("credits.insights", account, dimension=name, **span)
            totals = found["totals"]
            assert totals["credits"] == asked["sums"]["credits"], (name, span)
            assert (totals["actions"], totals["cost_usd"]) == (
                asked["total_count"],
                asked["sums"]["cost_usd"],
            )


async def test_s23_consumption_is_what_was_made(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account))

    rows = await by_key(clerk, account, "consumption")
    images = await clerk.tells("credits.insights", account, dimension="image_quality")
    runs = await by_key(clerk, account, "automation")

    assert {key: (row["credits"], row["items"]) for key, row in rows.items()} == MADE
    assert images["totals"]["credits"] == 800
    for source, row in runs.items():
        by_it = await clerk.tells("usage.log", account, source=source)
        assert row["credits"] == by_it["sums"]["credits"] > 0
    assert runs["automation"]["credits"] + runs["manual"]["credits"] == TOTAL


async def test_a_site_is_looked_at_alone(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account), completed(7, account))

    sites = await by_key(clerk, account, "site")
    blog = await clerk.tells("credits.insights", account, dimension="action", site_id=BLOG)

    assert set(sites) == {SHOP, BLOG, "none"}
    assert (sites["none"]["label"], sites["none"]["credits"]) == ("No site", 47)
    assert blog["totals"]["credits"] == sites[BLOG]["credits"]


async def test_failures_cost_nothing_and_count_under_what_they_would_have_made(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(paid(500, account), requested(1, account), completed(2, account))
    await clerk.hears(failed(1, account, tokens_input=1_000, tokens_output=0))

    rows = await by_key(clerk, account, "consumption")

    assert rows["article"]["actions"] == 2
    assert (rows["article"]["failures"], rows["article"]["credits"]) == (1, 47)


async def test_images_of_two_qualities_are_two_actions(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(500, account), images_completed(1, account, basic=3, premium=2))

    rows = await by_key(clerk, account, "image_quality")

    assert {key: (row["credits"], row["items"]) for key, row in rows.items()} == {
        "basic": (3, 3),
        "premium": (30, 2),
    }


async def test_the_rest_of_the_top_is_one_row(clerk: Clerk, account: str) -> None:
    sites = [f"00000000-0000-4000-8000-0000000000{number}" for number in range(10, 25)]
    reports = [
        completed(place, account, site_id=site, tokens_output=1_000 * place)
        for place, site in enumerate(sites, 1)
    ]
    await clerk.hears(paid(10_000, account), *reports)

    data = await clerk.tells("credits.insights", account, dimension="top")

    assert [row["key"].rpartition("@")[2] for row in data["rows"]] == [*sites[:4:-1], "other"]
    assert sum(row["credits"] for row in data["rows"]) == data["totals"]["credits"]


@pytest.mark.parametrize(
    ("granularity", "key"),
    [("day", "%Y-%m-%d"), ("month", "%Y-%m")],
)
async def test_the_timeline_is_cut_as_asked(
    clerk: Clerk, account: str, granularity: str, key: str
) -> None:
    await clerk.hears(paid(500, account), completed(1, account))

    rows = await by_key(clerk, account, "timeline", granularity=granularity)
    weeks = await by_key(clerk, account, "timeline", granularity="week")

    now = datetime.now(UTC)
    monday = now - timedelta(days=now.weekday())
    assert list(rows) == [now.strftime(key)]
    assert list(weeks) == [monday.strftime("%Y-%m-%d")]


async def test_weeks_begin_on_monday(clerk: Clerk, account: str) -> None:
    """In years and centuries of all kinds, also before 1970."""
    await clerk.hears(paid(500, account), completed(1, account))
    pool = clerk.credits.service.database.pool_for(None)
    hours = [datetime(1969, 12, 28, 23, tzinfo=UTC) + timedelta(hours=n * 997) for n in range(500)]
    copied = ", ".join(
        name for name in HOURS.key.split(", ") + HOURS.numbers.split(", ") if name != "hour"
    )
    await pool.execute(
        f"INSERT INTO hourly_usage (hour, {copied}) SELECT its_hour, {copied} "
        "FROM hourly_usage, unnest($2::timestamptz[]) AS its_hour WHERE account_id = $1",
        account,
        hours,
    )
    until: JsonObject = {"to": str(hours[-1].date() + timedelta(days=1))}

    weeks = await by_key(clerk, account, "timeline", granularity="week", **until)
    times = await by_key(clerk, account, "hour_of_week", **until)

    mondays = [str((hour - timedelta(days=hour.weekday())).date()) for hour in hours]
    assert {key: row["actions"] for key, row in weeks.items()} == Counter(mondays)
    written = [f"{hour.isoweekday()}-{hour:%H}" for hour in hours]
    assert {key: row["actions"] for key, row in times.items()} == Counter(written)


async def test_what_began_outside_the_range_is_left_out(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(500, account), completed(1, account))
    now = datetime.now(UTC)
    tomorrow: JsonObject = {"from": str((now + timedelta(days=1)).date())}
    today: JsonObject = {"from": str(now.date()), "to": str((now + timedelta(days=1)).date())}

    later = await clerk.tells("credits.insights", account, dimension="site", **tomorrow)
    within = await clerk.tells("credits.insights", account, dimension="site", **today)

    assert (later["rows"], later["totals"]["credits"]) == ([], 0)
    assert within["totals"]["credits"] == 47


@pytest.mark.parametrize(
    ("role", "sees"),
    [("owner", True), ("admin", True), ("editor", False), ("viewer", False), ("system_bot", False)],
)
async def test_cost_is_for_who_pays(clerk: Clerk, account: str, role: Role, *, sees: bool) -> None:
    await clerk.hears(paid(500, account), completed(1, account))

    data = await clerk.tells("credits.insights", account, token(role, account), dimension="action")

    assert ("cost_usd" in data["totals"]) is sees
    assert ("cost_usd" in data["rows"][0]) is sees


async def test_another_accounts_use_is_not_mine(clerk: Clerk, account: str) -> None:
    other = "00000000-0000-4000-8000-00000000f00d"
    await clerk.hears(paid(500, account), completed(1, account))

    error = await clerk.refuses(
        "credits.insights", account, token("owner", other), dimension="action"
    )
    own = await clerk.tells("credits.insights", other, token("owner", other), dimension="action")

    assert error["code"] == "forbidden"
    assert own["totals"]["credits"] == 0
