"""`command.outcome` of what developers do to prices: of no account, and answered as at first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.credits import (
    CostConfigUpdateReplied,
    CostConfigUpdateRequested,
    ModelPriceUpdateReplied,
    ModelPriceUpdateRequested,
    OperationRequested,
)
from shared.contracts.message import encode
from shared.contracts.operating import AlertReadRequested, fingerprint
from shared.contracts.types import JsonObject
from tests.askers import dollars_in
from tests.credits.queries.clerk import Clerk, token
from tests.credits.queries.pricing import develops
from tests.credits.rules.pricing import config_update, model_update
from tests.databases import own_database
from tests.making import uuid

CONFIG, MODEL = CostConfigUpdateRequested.topic, ModelPriceUpdateRequested.topic


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Books whose prices nobody else changes."""
    with own_database(home, environment, "credits", "price_outcomes") as url:
        yield url


async def known(clerk: Clerk, topic: str, code: str) -> JsonObject:
    """What a developer is told, who names no account."""
    return await clerk.tells(
        "command.outcome", None, token("developer", None), topic=topic, id=code
    )


async def test_a_change_of_an_operations_price_is_known_by_its_code(clerk: Clerk) -> None:
    assert await known(clerk, CONFIG, "content_generation") == {"known": False}

    asked = config_update(tokens_per_credit=80)
    await develops(clerk, asked)
    await develops(clerk, config_update(tokens_per_credit=90))  # Too late: nothing is kept of it.

    done, late = (one.said for one in clerk.recorder.of(CostConfigUpdateReplied.topic))
    found = await known(clerk, CONFIG, "content_generation")
    assert late["error"]["code"] == "conflict"
    assert found["reply"] == {"status": "ok", "data": done["data"]}
    assert found["fingerprint"] == fingerprint(encode(asked))


async def test_the_latest_change_of_a_model_is_known_whoever_became_the_default_since(
    clerk: Clerk,
) -> None:
    """A default that made room for another was not asked for that under its own name."""
    await develops(clerk, model_update("gpt-5.1", credit_multiplier="1.5"))
    await develops(clerk, model_update("gpt-4o-mini", is_default=True))

    for reply in (one.said for one in clerk.recorder.of(ModelPriceUpdateReplied.topic)):
        found = await known(clerk, MODEL, reply["id"])
        assert found["reply"] == {"status": "ok", "data": reply["data"]}


async def test_what_a_model_costs_us_is_not_told_to_whoever_may_not_see_it(
    clerk: Clerk, account: str
) -> None:
    await develops(clerk, model_update())

    viewer = token("viewer", account)
    found = await clerk.tells("command.outcome", account, viewer, topic=MODEL, id="gpt-4o-mini")

    row = found["reply"]["data"]["row"]
    assert row["version"] == 2
    assert not dollars_in(row)
    assert "updated_by" not in row


async def test_what_an_account_commanded_is_not_asked_about_without_it(clerk: Clerk) -> None:
    developer, topic = token("developer", None), OperationRequested.topic
    error = await clerk.refuses("command.outcome", None, developer, topic=topic, id=uuid(1))

    assert [field["path"] for field in error["fields"]] == ["account_id"]


async def test_alerts_are_read_without_a_record_of_who_asked(clerk: Clerk, account: str) -> None:
    topic = AlertReadRequested.topic

    found = await clerk.tells("command.outcome", account, topic=topic, id="credits")
    assert found == {"known": False}
