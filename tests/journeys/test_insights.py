"""Insights, log, file and ledger tell the same of the same work, and so does a rebuild (S23)."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from deploy.rebuild import leave_alone, rebuilt
from shared.contracts.asking import Page
from shared.contracts.credits import CreditsGranted, Transactions, UsageRecorded
from shared.contracts.credits.answers import Insights, UsageExport, UsageLog
from shared.contracts.credits.queries import (
    AskInsights,
    AskTransactions,
    AskUsage,
    AskUsageExport,
)
from shared.contracts.types import Json
from tests import making
from tests.credits.queries.workshop import BLOG, MADE, TOTAL, s23
from tests.journeys.traveller import Traveller

DIMENSIONS = ("site", "action", "automation", "timeline", "provider", "model", "consumption", "top")


async def insights(traveller: Traveller, **asked: Json) -> Insights:
    reply = await traveller.client.ask(AskInsights(**asked), traveller.account)
    assert isinstance(reply.data, Insights), reply.error
    return reply.data


async def log(traveller: Traveller, **asked: Json) -> UsageLog:
    reply = await traveller.client.ask(AskUsage(**asked), traveller.account)
    assert isinstance(reply.data, UsageLog), reply.error
    return reply.data


async def pages(traveller: Traveller, **asked: Json) -> list[str]:
    """Follow the pages; while they are read, others work on."""
    found, cursor, number = list[str](), None, 0
    while True:
        data = await log(traveller, page=Page(size=10, cursor=cursor), **asked)
        found += [row.usage_id for row in data.rows]
        cursor = data.next_cursor
        if cursor is None:
            return found
        number += 1
        await traveller.tell(making.completed(number, traveller.account, site_id=BLOG))
        await traveller.ears.hear(UsageRecorded, 33 + number)


async def test_s23_insights_logs_and_ledger_agree(
    traveller: Traveller, environment: Mapping[str, str]
) -> None:
    paid, *work = s23(traveller.account)
    await traveller.tell(paid)
    await traveller.ears.hear(CreditsGranted)
    await traveller.tell(*work)
    await traveller.ears.hear(UsageRecorded, len(work))

    found = [await insights(traveller, dimension=name) for name in DIMENSIONS]
    assert {data.totals.credits for data in found} == {TOTAL}
    made = {row.key: (row.credits, row.items) for row in found[6].rows}
    assert made == MADE
    assert (await insights(traveller, dimension="image_quality")).totals.credits == 800

    reply = await traveller.client.ask(AskTransactions(type=["deduction"]), traveller.account)
    assert isinstance(reply.data, Transactions), reply.error
    every = await log(traveller)
    balance = await traveller.balance()
    assert reply.data.totals.went == every.sums.credits == TOTAL
    assert (every.total_count, balance.credits_used_this_month) == (33, TOTAL)

    reply = await traveller.client.ask(AskUsageExport(format="csv"), traveller.account)
    assert isinstance(reply.data, UsageExport), reply.error
    folder = Path(urlsplit(environment["OBJECT_STORE_URL"]).path)
    written = (folder / reply.data.file.object_key).read_text().splitlines()
    rows = list(csv.DictReader(written))
    assert sum(int(row["credits_used"]) for row in rows) == TOTAL
    assert str(sum(Decimal(row["cost_usd"]) for row in rows)) == every.sums.cost_usd

    asked: dict[str, Json] = {"site_id": BLOG, "operation_type": ["content_generation"]}
    before = {row.usage_id for row in (await log(traveller, page=Page(size=100), **asked)).rows}
    seen = await pages(traveller, **asked)
    assert (len(before), len(seen), set(seen)) == (12, 12, before)

    report = await rebuilt(environment, "credits", leave_alone)
    assert (report.wrong, report.shown) == (0, [])
