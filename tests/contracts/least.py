"""The least that is valid of every message that credits obeys: what must be there, and no more."""

from typing import NamedTuple

from shared.contracts.credits import (
    AdjustmentRequested,
    CostConfigUpdateRequested,
    ExtensionRequested,
    FreezeRequested,
    InvoicePaid,
    ModelPriceUpdateRequested,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
    PaymentRefunded,
    RunRequested,
    StageCompleted,
)
from shared.contracts.message import Message
from shared.contracts.operating import AlertReadRequested
from tests.contracts.making import ACCOUNT, OTHER, TIME, Json, paths_of


class Least(NamedTuple):
    """A message with nothing but what it must have."""

    contract: type[Message]
    fields: dict[str, Json]

    def but(self, **fields: Json) -> dict[str, Json]:
        """The same with other fields."""
        return {**self.fields, **fields}

    def wrong(self, **fields: Json) -> list[str]:
        """The paths of what is wrong then."""
        return paths_of(self.but(**fields), self.contract)


REQUEST = Least(
    OperationRequested, {"account_id": ACCOUNT, "operation_id": OTHER, "operation_type": "a"}
)
COMPLETED = REQUEST._replace(contract=OperationCompleted)
FAILED = Least(
    OperationFailed, {"account_id": ACCOUNT, "operation_id": OTHER, "reason_code": "timeout"}
)
EXTENSION = Least(
    ExtensionRequested, {"account_id": ACCOUNT, "operation_id": OTHER, "extend_s": 60}
)
RUN = Least(
    RunRequested,
    {
        "account_id": ACCOUNT,
        "run_id": OTHER,
        "stages": [{"stage": 1, "operation_type": "a", "count": 1}],
    },
)
STAGE = Least(StageCompleted, {"account_id": ACCOUNT, "run_id": OTHER, "stage": 1})
FREEZE = Least(
    FreezeRequested,
    {
        "account_id": ACCOUNT,
        "refund_id": OTHER,
        "payment_id": OTHER,
        "invoice_id": OTHER,
        "bucket": "plan",
        "credits": 1,
        "allow_partial": False,
    },
)
ADJUSTMENT = Least(
    AdjustmentRequested,
    {
        "account_id": ACCOUNT,
        "adjustment_id": OTHER,
        "amount": 1,
        "bucket": "plan",
        "reason": "goodwill",
        "note": "Sorry.",
    },
)
COST = Least(
    CostConfigUpdateRequested,
    {
        "operation_type": "a",
        "mode": "tokens",
        "tokens_per_credit": 100,
        "unit": "request",
        "unit_size": 1,
        "display_name": "A",
        "description": "",
        "is_active": True,
        "expected_version": 0,
    },
)
MODEL = Least(
    ModelPriceUpdateRequested,
    {
        "model": "gpt-5.1",
        "provider": "openai",
        "kind": "text",
        "credit_multiplier": "1.000",
        "tokens_per_word": "1.3",
        "is_default": False,
        "is_active": True,
        "effective_from": TIME,
        "expected_version": 1,
    },
)
INVOICE = Least(InvoicePaid, {"account_id": ACCOUNT, "invoice_id": OTHER, "grants": []})
REFUND = Least(
    PaymentRefunded,
    {
        "account_id": ACCOUNT,
        "refund_id": OTHER,
        "payment_id": OTHER,
        "invoice_id": OTHER,
        "credits_to_revoke": 0,
        "forced": False,
    },
)
READ = Least(AlertReadRequested, {"account_id": ACCOUNT, "source": "credits", "alert_ids": [OTHER]})
ALL = (
    *(REQUEST, COMPLETED, FAILED, EXTENSION, RUN, STAGE, FREEZE, ADJUSTMENT, COST, MODEL),
    *(INVOICE, REFUND, READ),
)
