"""The rules of credits: a book and a message in, what happened out; no clock, no I/O, no framework.

What may never happen, whatever arrives in whatever order and however often:

1. An account has less than nothing, or holds more than it has.
2. Credits appear without a grant or disappear without a charge: granted = balance + charged.
3. What an account holds differs from the sum of its open reservations and runs.
4. One operation is charged twice, or one line of an invoice is granted twice.
5. The ledger has a gap: entry n says what entry n - 1 said, plus its own amount.
6. Work is given away: whatever was completed is charged, however late, or recorded as shortfall.

Rule numbers (P2, P7, ...) are those of `domain.md`, section 8.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from services.credits import outcomes
from services.credits.book import Book
from services.credits.domain.adjustments import adjust
from services.credits.domain.charges import charge
from services.credits.domain.disputes import dispute
from services.credits.domain.endings import HoldDue, cancel, expire, fail
from services.credits.domain.extensions import extend
from services.credits.domain.grants import grant
from services.credits.domain.mirror import (
    account_opened,
    package_updated,
    plan_updated,
    status_changed,
    subscription_changed,
)
from services.credits.domain.price_changes import change_config, change_model
from services.credits.domain.reading import SOURCE, read_alerts
from services.credits.domain.refunds import freeze_refund, refund, release_refund, reverse
from services.credits.domain.requests import authorise
from services.credits.domain.run_endings import RunDue, complete_run, expire_run
from services.credits.domain.runs import approve
from services.credits.domain.stages import cancel_run, complete_stage, fail_stage
from services.credits.outcomes import Unpriced
from shared.asked import BY_A_SERVICE, Asked
from shared.contracts.credits import (
    AdjustmentRequested,
    BalanceChanged,
    CostConfigUpdateRequested,
    ExtensionRequested,
    FreezeReleased,
    FreezeRequested,
    ModelPriceUpdateRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
)
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    InvoicePaid,
    PackageUpdated,
    PaymentDisputed,
    PaymentRefunded,
    PlanUpdated,
    RefundReversed,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message
from shared.contracts.operating import AlertReadRequested

# What a batch is about: what others said, and what is due by itself.
Due: TypeAlias = HoldDue | RunDue
Cause: TypeAlias = Message | Due
Outcome: TypeAlias = Sequence[Message | Unpriced]
Rule: TypeAlias = Callable[[Book, Any, Asked], Outcome]

# In the order of cause and effect: of equal timestamps the topic named first is read first.
RULES: Mapping[type, Rule] = MappingProxyType(
    {
        PlanUpdated: plan_updated,
        PackageUpdated: package_updated,
        AccountOpened: account_opened,
        AccountStatusChanged: status_changed,
        SubscriptionStateChanged: subscription_changed,
        CostConfigUpdateRequested: change_config,
        ModelPriceUpdateRequested: change_model,
        InvoicePaid: grant,
        AdjustmentRequested: adjust,
        FreezeRequested: freeze_refund,
        FreezeReleased: release_refund,
        PaymentRefunded: refund,
        RefundReversed: reverse,
        PaymentDisputed: dispute,
        RunRequested: approve,
        OperationRequested: authorise,
        ExtensionRequested: extend,
        OperationCompleted: charge,
        OperationFailed: fail,
        OperationCancelled: cancel,
        StageCompleted: complete_stage,
        StageFailed: fail_stage,
        RunCompleted: complete_run,
        RunCancelled: cancel_run,
        AlertReadRequested: read_alerts,
        HoldDue: expire,
        RunDue: expire_run,
    }
)
OBEYED: tuple[type[Message], ...] = tuple(t for t in RULES if issubclass(t, Message))

__all__ = [
    "BY_A_SERVICE",
    "OBEYED",
    "SOURCE",
    "Asked",
    "Cause",
    "Due",
    "HoldDue",
    "Outcome",
    "RunDue",
    "Unpriced",
    "decide",
    "standings",
]


def decide(book: Book, message: Cause, asked: Asked = BY_A_SERVICE) -> Outcome:
    """Apply one message to the book and say what happened; a repeat changes nothing."""
    return RULES[type(message)](book, message, asked)


def standings(book: Book) -> list[BalanceChanged]:
    """The state of each account that the batch has changed, as it stands at its end."""
    return [
        outcomes.balance_changed(book, account)
        for account in book.accounts.values()
        if account.version != account.first_version
    ]
