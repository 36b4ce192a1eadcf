"""An operator sees what an account may have, and what it has."""

import pytest

from deploy import limits
from deploy.errors import OperatorError
from tests.limits.handlers.worker import Worker
from tests.limits.making import asks_for, opened, override, site_made
from tests.making import on_plan
from tests.signing import by


async def test_limits_are_shown_with_use_and_overage(
    worker: Worker, url: str, account: str
) -> None:
    sites = [site_made(number, account) for number in (1, 2, 3)]
    by_hand = by("developer", override("keywords", None, account=account))
    hold = asks_for(1, 5_000, account=account)
    await worker.obey(on_plan("starter", account), opened(account), by_hand, hold, *sites)

    book = await limits.read({"LIMITS_DATABASE_URL": url}, account)

    first, _, *rows = limits.lines(book, book.accounts[account])
    assert first.startswith(f"account {account}: plan starter, active, month ")
    assert [" ".join(row.split()) for row in rows] == [
        "Sites 3 0 2 0 1",
        "Team Users 1 0 2 1 0",
        "Keywords 0 5,000 unlimited 0 by hand",
        "Keyword Research Queries 0 0 50 50 0",
    ]
    assert limits.as_json(book, book.accounts[account])["plan_code"] == "starter"


def test_what_is_no_account_is_said() -> None:
    with pytest.raises(OperatorError, match="no id of an account"):
        limits.canonical("ann")
