"""`credits.balance` says what the last fact about the account said."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.credits.handlers import Credits
from shared.contracts.credits import BalanceChanged
from shared.contracts.invoicing import SubscriptionStateChanged
from shared.contracts.moments import window_of
from shared.service import Service
from tests.credits.queries.clerk import Clerk, question
from tests.making import completed, paid, requested

NOTHING = {
    "credits": 0,
    "held": 0,
    "available": 0,
    "plan_bucket": 0,
    "purchased_bucket": 0,
    "plan_credits_per_month": 0,
    "credits_used_this_month": 0,
    "credits_remaining": 0,
    "seq": 0,
    "version": 0,
}


async def test_an_account_that_nobody_heard_of_has_nothing(clerk: Clerk, account: str) -> None:
    balance = await clerk.tells("credits.balance", account)

    assert balance == NOTHING | {"account_id": account, "window": window_of(datetime.now(UTC))}


async def test_the_header_shows_9953_after_s2(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(10_000, account), requested(1, account))
    held = await clerk.tells("credits.balance", account)
    await clerk.hears(completed(1, account))
    done = await clerk.tells("credits.balance", account)

    assert (held["credits"], held["held"], held["available"]) == (10_000, 60, 9_940)
    assert (done["credits"], done["held"], done["available"]) == (9_953, 0, 9_953)
    assert done["credits_remaining"] == done["plan_bucket"] == 9_953
    assert done["credits_used_this_month"] == 47
    assert (done["seq"] - held["seq"], done["version"] - held["version"]) == (1, 1)


async def test_a_balance_has_the_numbers_of_the_last_fact(clerk: Clerk, account: str) -> None:
    await clerk.hears(
        paid(300, account),
        paid(200, account, invoice=2, kind="credit_package", code="starter"),
        requested(1, account),
        requested(2, account),
        completed(2, account),
    )
    balance = await clerk.tells("credits.balance", account)

    fact = clerk.recorder.messages(BalanceChanged)[-1]
    assert balance == {
        "account_id": account,
        "credits": fact.balance,
        "held": fact.held,
        "available": fact.available,
        "plan_bucket": fact.plan_bucket,
        "purchased_bucket": fact.purchased_bucket,
        "plan_credits_per_month": fact.plan_credits_per_month,
        "credits_used_this_month": fact.used_this_month,
        "credits_remaining": fact.balance,
        "window": fact.window,
        "seq": fact.seq,
        "version": fact.version,
    }


async def test_the_allocation_is_the_plans_and_before_it_is_known_the_last_grant(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(paid(7_000, account, code="unheard_of"))
    granted = await clerk.tells("credits.balance", account)
    subscription = SubscriptionStateChanged(
        account_id=account,
        subscription_id=str(uuid4()),
        plan_code="growth",
        status="active",
        version=1,
    )
    await clerk.hears(subscription)
    subscribed = await clerk.tells("credits.balance", account)

    assert granted["plan_credits_per_month"] == 7_000
    assert subscribed["plan_credits_per_month"] == 40_000


async def test_what_was_used_in_another_month_is_not_used_in_this_one(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(paid(100, account), completed(1, account))
    later = timedelta(days=40)
    settings = clerk.credits.service.settings.model_copy(
        update={"clock_offset": later.total_seconds()}
    )
    service = Service("credits", settings)
    service.database = clerk.credits.service.database
    service.speak_through(clerk.recorder)
    next_month = Clerk(Credits(service), clerk.recorder)

    balance = await next_month.tells("credits.balance", account)

    assert balance["window"] == window_of(datetime.now(UTC) + later)
    assert balance["credits_used_this_month"] == 0
    assert balance["credits"] == 53


async def test_each_of_many_accounts_gets_its_own_balance(clerk: Clerk) -> None:
    accounts = [str(uuid4()) for _ in range(60)]
    await clerk.hears(*[paid(100 + i, account) for i, account in enumerate(accounts[::2])])

    replies = await clerk.answers(*[question("credits.balance", a) for a in accounts])

    assert [reply["account_id"] for reply in replies] == accounts
    assert [reply["data"]["account_id"] for reply in replies] == accounts
    expected = [100 + i // 2 if i % 2 == 0 else 0 for i in range(60)]
    assert [reply["data"]["credits"] for reply in replies] == expected
