"""What credits must come to, said a second time: nothing is kept that a list can be summed for.

Shares no code with the service: it knows the messages, `domain.md` and `contract.md`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from shared.contracts.credits import (
    AdjustmentRequested,
    CostConfigUpdateRequested,
    ExtensionRequested,
    FreezeReleased,
    FreezeRequested,
    ModelPriceUpdateRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
    PaymentDisputed,
    PaymentRefunded,
    RefundReversed,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
)
from shared.contracts.invoicing import InvoicePaid, PlanUpdated
from shared.contracts.message import Message
from tests.credits.rules.model import changes, clawbacks, money, operations, runs
from tests.credits.rules.model.purse import Purse, World
from tests.credits.rules.seen import Seen, Warned

Rule: TypeAlias = Callable[[World, Purse, Any], list[Seen]]

FOLLOWED: Mapping[type[Message], Rule] = {
    AdjustmentRequested: changes.adjusted,
    FreezeReleased: clawbacks.released,
    FreezeRequested: clawbacks.freeze,
    InvoicePaid: money.paid,
    OperationCancelled: operations.ended,
    OperationCompleted: operations.completed,
    OperationFailed: operations.ended,
    PaymentDisputed: clawbacks.disputed,
    PaymentRefunded: clawbacks.refunded,
    PlanUpdated: money.planned,
    RefundReversed: clawbacks.reversed_,
    RunCancelled: runs.ended,
    RunCompleted: runs.ended,
    StageCompleted: runs.stage_completed,
    StageFailed: runs.ended,
}


class Model(World):
    """All accounts, at a moment that moves."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)

    def obey(self, said: Message, *, by_person: bool = False) -> Sequence[Seen]:
        """What a message makes credits say, in order, alerts last."""
        told = self.follow(self.purses[said.account_id or ""], said, by_person=by_person)
        return sorted(told, key=lambda one: isinstance(one, Warned))

    def follow(self, purse: Purse, said: Message, *, by_person: bool) -> list[Seen]:
        match said:
            case OperationRequested():
                return operations.requested(self, purse, said, by_person=by_person)
            case RunRequested():
                return runs.requested(self, purse, said, by_person=by_person)
            case ExtensionRequested(run_id=None):
                return operations.extended(self, purse, said)
            case ExtensionRequested():
                return runs.extended(self, purse, said)
            case CostConfigUpdateRequested() | ModelPriceUpdateRequested():
                return changes.repriced(self, said)
        return FOLLOWED.get(type(said), money.followed)(self, purse, said)

    def lapsed(self, account: str, about: str, *, is_run: bool) -> list[Seen]:
        """What the sweep makes of a hold or a run."""
        purse = self.purses[account]
        lapsed = runs.lapsed if is_run else operations.lapsed
        return lapsed(self, purse, about)
