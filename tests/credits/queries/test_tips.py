"""`usage.tips`, `credits.forecast` and `credits.stats`: their stated formulas, by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from services.credits.queries.forecast import forecast
from services.credits.queries.sums import Sums
from shared.asking import Question
from shared.contracts.credits.answers import Forecast
from shared.contracts.credits.queries import AskForecast
from shared.contracts.types import JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.credits.queries.workshop import TOTAL, s23
from tests.making import completed, failed, images_completed, on_plan, paid, requested


async def tips_of(clerk: Clerk, account: str) -> dict[str, JsonObject]:
    data = await clerk.tells("usage.tips", account)
    return {tip["kind"]: tip for tip in data["tips"]}


async def test_a_cheaper_model_would_have_saved_nine_tenths(clerk: Clerk, account: str) -> None:
    """47 credits at the multiplier 1 are 5 at 0.1; USD by the tokens of 10 articles."""
    await clerk.hears(paid(1_000, account), *[completed(n, account) for n in range(10)])

    tips = await tips_of(clerk, account)

    tip = tips["cheaper_model"]
    assert (tip["priority"], tip["saving_credits"]) == ("high", 470 - 47)
    assert tip["saving_usd"] == "0.27580000"  # 10 x (0.0295 - 0.0003 - 0.00162)
    assert tip["data"] == {
        "operation_type": "content_generation",
        "model": "gpt-5.1",
        "instead": "gpt-4o-mini",
        "actions": 10,
    }


async def test_who_uses_the_cheapest_is_told_nothing(clerk: Clerk, account: str) -> None:
    cheap = [completed(n, account, model_used="gpt-4o-mini") for n in range(10)]
    await clerk.hears(paid(1_000, account), *cheap)

    assert await tips_of(clerk, account) == {}


async def test_two_providers_of_the_same_work_are_compared(clerk: Clerk, account: str) -> None:
    dear = [completed(n, account, provider="openai") for n in range(10)]
    cheap = [
        completed(n, account, provider="another", model_used="gpt-4o-mini") for n in range(10, 30)
    ]
    await clerk.hears(paid(1_000, account), *dear, *cheap)

    tip = (await tips_of(clerk, account))["costly_provider"]

    assert (tip["data"]["provider"], tip["data"]["instead"]) == ("openai", "another")
    assert tip["saving_usd"] == "0.27580000"


async def test_input_above_twice_the_usual_is_a_long_request(clerk: Clerk, account: str) -> None:
    """2,000 tokens are usual: of 8,000 + 2,000 tokens 4,000 are too many, 4 credits of 10."""
    said = {"tokens_input": 8_000, "tokens_output": 2_000, "model_used": "gpt-4o-mini"}
    await clerk.hears(paid(1_000, account), *[completed(n, account, **said) for n in range(10)])

    tip = (await tips_of(clerk, account))["long_requests"]

    assert (tip["saving_credits"], tip["priority"]) == (40, "high")
    assert tip["data"]["average_tokens_input"] == 8_000


async def test_failures_are_told_from_five_on(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(5_000, account), *[requested(n, account) for n in range(5)])
    await clerk.hears(*[failed(n, account, tokens_input=1_000, tokens_output=0) for n in range(4)])
    before = await tips_of(clerk, account)
    await clerk.hears(failed(4, account, tokens_input=1_000, tokens_output=0))

    tip = (await tips_of(clerk, account))["failed_calls"]

    assert "failed_calls" not in before
    assert (tip["priority"], tip["saving_usd"]) == ("high", "0.00625000")
    assert tip["data"]["share_pct"] == 100


async def test_half_of_the_premium_images_could_be_plainer(clerk: Clerk, account: str) -> None:
    """6 of 12 premium images at 5 instead of 15 credits, at 0.04 instead of 0.14 dollars."""
    await clerk.hears(paid(1_000, account), images_completed(1, account, premium=12))

    tip = (await tips_of(clerk, account))["image_quality"]

    assert (tip["saving_credits"], tip["saving_usd"]) == (60, "0.60000000")


async def test_who_uses_more_than_the_plan_gives_hears_of_the_next(
    clerk: Clerk, account: str
) -> None:
    many = [completed(n, account, tokens_input=98_000, tokens_output=2_000) for n in range(10)]
    await clerk.hears(paid(20_000, account), on_plan("starter", account), *many)

    tip = (await tips_of(clerk, account))["upgrade_plan"]

    assert tip["priority"] == "medium"
    assert (tip["data"]["plan_code"], tip["data"]["used"]) == ("growth", 10_000)


@pytest.mark.parametrize("role", ["editor", "viewer", "system_bot"])
async def test_tips_are_for_who_pays(clerk: Clerk, account: str, role: Role) -> None:
    error = await clerk.refuses("usage.tips", account, token(role, account))

    assert error["code"] == "forbidden"


ASKED = Question("an account", AskForecast())


def on(day: int, *, used: int = 100, available: int = 50, recent: int = 70) -> Forecast:
    today = datetime(2026, 2, day, 13, tzinfo=UTC)
    return forecast(ASKED, today, Sums(credits=used, cost=10**8), available, recent)


@pytest.mark.parametrize(
    ("day", "projected", "confidence"),
    [(1, None, "none"), (2, None, "none"), (3, 933, "low"), (9, 311, "low"), (10, 280, "fair")],
)
def test_a_month_of_28_days_is_projected_from_the_third_on(
    day: int, projected: int | None, confidence: str
) -> None:
    said = on(day)

    assert (said.projected_credits, said.confidence) == (projected, confidence)
    assert (said.projected_cost_usd is None) == (projected is None)


def test_what_is_left_lasts_as_the_last_seven_days_went() -> None:
    assert (on(10).days_until_empty, on(10).empty_on) == (5, "2026-02-15")
    assert (on(10, available=49).days_until_empty, on(10, available=0).days_until_empty) == (4, 0)
    assert (on(10, recent=0).days_until_empty, on(10, recent=0).empty_on) == (None, None)
    assert on(10, available=10**12, recent=1).empty_on is None


async def test_the_forecast_is_of_the_accounts_own_use(clerk: Clerk, account: str) -> None:
    await clerk.hears(*s23(account))

    data = await clerk.tells("credits.forecast", account, token("owner", account))
    hidden = await clerk.tells("credits.forecast", account, token("viewer", account))

    assert (data["used"], data["actions"]) == (TOTAL, 33)
    assert data["days_until_empty"] == 2_600 * 7 // TOTAL
    assert "cost_usd" in data
    assert not {"cost_usd", "projected_cost_usd"} & hidden.keys()


async def test_a_month_balances(clerk: Clerk, account: str) -> None:
    developer = token("developer", None)
    month = datetime.now(UTC).strftime("%Y-%m")
    before = await clerk.tells("credits.stats", None, developer, month=month)
    bought = paid(500, account, invoice=2, kind="credit_package", code="starter")
    await clerk.hears(*s23(account), bought, completed(10**6, account, tokens_output=10**6))

    after = await clerk.tells("credits.stats", None, developer, month=month)
    own = await clerk.tells("credits.stats", account, developer, month=month)

    assert (own["issued"], own["purchased"], own["revoked"]) == (5_500, 500, 0)
    assert (own["used"], own["shortfall"], own["balance_total"]) == (5_500, 6_920, 0)
    assert own["accounts_active"] == 1
    changed = {name: after[name] - before[name] for name in ("issued", "used", "accounts_active")}
    assert changed == {"issued": 5_500, "used": 5_500, "accounts_active": 1}
    gone = after["issued"] - after["revoked"] - after["used"]
    assert after["balance_total"] == gone


async def test_a_month_that_was_ends_with_the_balance_it_had(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(500, account))
    developer = token("developer", None)
    last = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")

    for month, balance in ((last, 0), ("9999-12", 500), ("0001-01", 0)):
        data = await clerk.tells("credits.stats", account, developer, month=month)
        assert (data["balance_total"], data["used"]) == (balance, 0)


async def test_stats_are_a_developers(clerk: Clerk, account: str) -> None:
    error = await clerk.refuses("credits.stats", account, token("owner", account), month="2026-01")

    assert error["code"] == "forbidden"
