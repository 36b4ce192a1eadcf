"""A service with a past of some days, what it answers about them, and what verify finds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

from services.credits.days import DAY, close_days
from services.credits.verify import days as entries
from services.credits.verify import usage
from shared.contracts.credits.queries import AskInsights
from shared.contracts.types import JsonObject
from shared.spans import midnight
from shared.verifying import BUSY, NO_KEYS, Snapshot, one_moment
from tests.credits.handlers.test_rollups import SITES
from tests.credits.queries.clerk import Clerk, token

DAYS = 5
TODAY = midnight(datetime.now(UTC))
# A batch may be at work when midnight comes: nothing of today is looked at too closely.
NOON = (TODAY + timedelta(hours=12) - datetime.now(UTC)).total_seconds()
SPANS: list[JsonObject] = [
    {},
    {"preset": "7d"},
    {"preset": "30d"},
    {"from": str((TODAY - 3 * DAY).date())},
    {"from": str((TODAY - 3 * DAY).date()), "to": str((TODAY - DAY).date())},
    {"from": f"{(TODAY - 3 * DAY).date()}T10:00:00Z", "to": f"{(TODAY - DAY).date()}T13:00:00Z"},
    {
        "from": f"{(TODAY - 2 * DAY).date()}T07:30:00Z",
        "to": f"{(TODAY - 2 * DAY).date()}T23:10:00Z",
    },
    {"from": str((TODAY - DAY).date()), "to": str((TODAY - 3 * DAY).date())},
    {"to": str((TODAY - 2 * DAY).date())},
]
DIMENSIONS: Sequence[str] = get_args(get_type_hints(AskInsights)["dimension"])


async def close_all(clerk: Clerk) -> None:
    await close_days(clerk.credits.service)


async def answers(clerk: Clerk, account: str) -> list[JsonObject]:
    """To everything that is read by the day, whoever of the sites and kinds is looked at."""
    owner, everybody = token("owner", account), token("developer", None)
    found = []
    for span in SPANS:
        for site in (None, SITES[1]):
            of_site: JsonObject = {} if site is None else {"site_id": site}
            for dimension in DIMENSIONS:
                params = {"dimension": dimension, **span, **of_site}
                found.append(await clerk.tells("credits.insights", account, owner, **params))
            found.append(await clerk.tells("usage.log", account, owner, **span, **of_site))
        for kind in (None, ["deduction"], ["subscription", "refund"]):
            params = span if kind is None else {"type": kind, **span}
            found.append(await clerk.tells("credits.transactions", account, owner, **params))
        by_model = await clerk.tells("usage.log", account, owner, model="gpt-5.1", **span)
        found += [by_model, await clerk.tells("usage.log", None, everybody, **span)]
    found.append(await clerk.tells("credits.forecast", account, owner))
    found.append(await clerk.tells("usage.tips", account, owner))
    return found


async def findings(url: str) -> int:
    """In how many lanes something is found by what `igny8 verify` looks at."""
    async with one_moment(url) as tx:
        topics: Any = None  # Rows alone are looked at.
        snapshot = Snapshot(tx, topics, {}, {}, {}, BUSY, 0, NO_KEYS)
        found = [await check.find(snapshot) for check in (*usage.CHECKS, *entries.CHECKS)]
    return sum(finding.broken for one in found for finding in one.values())
