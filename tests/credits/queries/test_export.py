"""`usage.log.export` writes what `usage.log` shows into a file, and holds nobody up."""

import csv
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services.credits import exports
from shared.contracts.types import Json, JsonObject, Role
from tests.credits.queries.clerk import Clerk, question, token
from tests.credits.queries.workshop import BLOG, TOTAL, s23
from tests.making import completed, paid
from tests.signing import ME

Rows = list[dict[str, str]]


@dataclass
class Exporter:
    """A clerk who has a folder for files."""

    clerk: Clerk
    folder: Path

    async def asks(self, account: str, actor: bytes | None = None, **params: Json) -> JsonObject:
        """Ask for a file, then have it made; give the reply."""
        asked = question("usage.log.export", account, {"format": "csv"} | params, actor)
        before = len(self.clerk.recorder.sent)
        await self.clerk.reads(asked)
        assert len(self.clerk.recorder.sent) == before, "nothing is made within the poll"
        await self.clerk.credits.exports.work()
        await self.clerk.credits.service.courier.settled()
        reply = self.clerk.recorder.sent[-1]
        assert reply.header("correlation_id") == asked.headers["correlation_id"]
        return reply.said

    async def file(self, account: str, actor: bytes | None = None, **params: Json) -> Rows:
        data = (await self.asks(account, actor, **params))["data"]
        return self.read(data)

    def read(self, data: JsonObject) -> Rows:
        path = self.folder / data["file"]["object_key"]
        written = path.read_bytes()
        assert len(written) == data["file"]["size"]
        assert hashlib.sha256(written).hexdigest() == data["file"]["sha256"]
        return list(csv.DictReader(written.decode().splitlines()))


@pytest.fixture
def exporter(clerk: Clerk, tmp_path: Path) -> Exporter:
    service = clerk.credits.service
    where = {"object_store_url": tmp_path.as_uri()}
    service.settings = service.settings.model_copy(update=where)
    return Exporter(clerk, tmp_path)


async def test_s23_the_file_has_the_sums_of_the_log(exporter: Exporter, account: str) -> None:
    await exporter.clerk.hears(*s23(account))
    log = await exporter.clerk.tells("usage.log", account, page={"size": 100})

    data = (await exporter.asks(account))["data"]

    rows = exporter.read(data)
    assert (data["rows"], data["truncated"]) == (33, False)
    assert [row["usage_id"] for row in rows] == [row["usage_id"] for row in log["rows"]]
    assert sum(int(row["credits_used"]) for row in rows) == log["sums"]["credits"] == TOTAL
    cost = sum(Decimal(row["cost_usd"]) for row in rows)
    assert str(cost) == log["sums"]["cost_usd"]
    assert data["file"]["object_key"].startswith(f"exports/{account}/")
    left = datetime.fromisoformat(data["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)


async def test_filters_and_order_are_those_of_the_log(exporter: Exporter, account: str) -> None:
    await exporter.clerk.hears(*s23(account))

    blog = await exporter.file(account, site_id=BLOG, sort="credits")

    charged = [int(row["credits_used"]) for row in blog]
    assert (len(blog), sum(charged)) == (16, 1_000)
    assert charged == sorted(charged, reverse=True)


@pytest.mark.parametrize("role", ["viewer", "editor", "system_bot"])
async def test_cost_and_other_members_are_not_in_everybodys_file(
    exporter: Exporter, account: str, role: Role
) -> None:
    await exporter.clerk.hears(paid(500, account), completed(1, account, user_id=ME))
    await exporter.clerk.hears(completed(2, account, user_id="somebody else"))

    rows = await exporter.file(account, token(role, account), sort="oldest")
    refused = await exporter.asks(account, token(role, account), sort="cost")

    assert "cost_usd" not in rows[0]
    assert [row["user_id"] for row in rows] == [ME, ""]
    assert refused["error"]["code"] == "forbidden"


async def test_no_cell_is_a_formula(exporter: Exporter, account: str) -> None:
    said: dict[str, Json] = {"details": "=HYPERLINK(1)", "related": {"type": "x", "id": "@a"}}
    await exporter.clerk.hears(paid(500, account), completed(1, account, **said))

    (row,) = await exporter.file(account)

    assert (row["details"], row["related_id"]) == ("'=HYPERLINK(1)", "'@a")


async def test_a_file_ends_at_its_limit_and_says_so(exporter: Exporter, account: str) -> None:
    """100,000 rows that nobody charged for, and one more."""
    await exporter.clerk.hears(paid(500, account), completed(1, account))
    pool = exporter.clerk.credits.service.database.pool_for(None)
    await pool.execute(
        "INSERT INTO usage SELECT lane, account_id, created_at, gen_random_uuid(), "
        "gen_random_uuid(), operation_type, label, details, 0, cost_usd, provider, model_used, "
        "tokens_input, tokens_output, units, unit_kind, image_quality, items_created, item_kind, "
        "source, site_id, user_id, run_id, stage, related_type, related_id, related_title, status, "
        "estimated_tokens, shortfall, price_version, response_time_ms "
        "FROM usage, generate_series(1, $2) WHERE account_id = $1",
        account,
        exports.MOST_ROWS,
    )

    data = (await exporter.asks(account))["data"]

    assert (data["rows"], data["truncated"]) == (exports.MOST_ROWS, True)
    assert len(exporter.read(data)) == exports.MOST_ROWS


async def test_who_asks_when_too_many_wait_is_told_to_try_again(
    exporter: Exporter, account: str
) -> None:
    asked = [question("usage.log.export", account, {"format": "csv"}) for _ in range(101)]
    await exporter.clerk.reads(*asked)

    (reply,) = exporter.clerk.recorder.sent
    assert reply.said["error"]["code"] == "unavailable"


async def test_without_an_object_store_nothing_is_exported(clerk: Clerk, account: str) -> None:
    error = await clerk.refuses("usage.log.export", account, format="csv")

    assert error["code"] == "unavailable"


async def test_a_store_that_refuses_is_an_answer(exporter: Exporter, account: str) -> None:
    (exporter.folder / "exports").write_text("This is no folder.")

    reply = await exporter.asks(account)

    assert reply["error"]["code"] == "unavailable"


async def test_files_are_removed_when_they_have_expired(exporter: Exporter, account: str) -> None:
    fresh = await exporter.asks(account)
    old = await exporter.asks(account)
    path = exporter.folder / old["data"]["file"]["object_key"]
    os.utime(path, (0, 0))

    await exporter.clerk.credits.exports.tidy()

    assert not path.exists()
    assert (exporter.folder / fresh["data"]["file"]["object_key"]).exists()
