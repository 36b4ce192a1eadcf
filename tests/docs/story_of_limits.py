"""The story of an import that docs/publishing.md tells."""

from collections.abc import Sequence
from datetime import datetime

from services.limits import domain
from services.limits.book import Account, Book
from shared.contracts.invoicing import SubscriptionStateChanged
from shared.contracts.limits import HoldConfirmed, HoldRequested
from shared.contracts.moments import rising_ids
from shared.lanes import lane_of
from shared.mirror import SEED_PLANS
from tests.docs.story import ANN, SALT, Rules, Step, asking

FIRST, SECOND = "7e1d4b90-3c58-4f2a-8b67-92d0e5a1c3f4", "e2b96c05-7f14-4d38-a1c9-58f3072d6be4"
HOLD = "019bc187-c860-7000-8000-000102030405"


def open_book(now: datetime, before: Book | None) -> Book:
    accounts = before.accounts if before else {ANN: Account(lane_of(ANN), ANN)}
    book = Book(now, rising_ids(now, SALT), SEED_PLANS, accounts)
    for hold in before.holds.values() if before else ():
        book.add_hold(hold)
    for account in accounts.values():
        account.first_version = account.version
    return book


LIMITS = Rules("limits", open_book, domain.decide, domain.standings)
STEPS: Sequence[Step] = (
    Step(
        0,
        SubscriptionStateChanged(account_id=ANN, plan_code="starter", status="active", version=1),
    ),
    Step(
        60,
        HoldRequested(
            account_id=ANN,
            request_id=FIRST,
            limit_type="keywords",
            quantity=800,
            purpose="keyword.import",
        ),
        asking("import-1"),
    ),
    Step(90, HoldConfirmed(account_id=ANN, hold_id=HOLD, quantity=790)),
    Step(
        120,
        HoldRequested(
            account_id=ANN,
            request_id=SECOND,
            limit_type="keywords",
            quantity=300,
            purpose="keyword.import",
        ),
    ),
)
