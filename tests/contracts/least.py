"""The least that is valid of messages that services obey: what must be there, and no more."""

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
from shared.contracts.keyword_research import KeywordDeleted
from shared.contracts.limits import (
    HoldConfirmed,
    HoldRequested,
    InviteRequested,
    MemberSeen,
    OverrideUpdateRequested,
    OwnershipTransferRequested,
    RoleChangeRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
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
SITE = Least(SiteCreationRequested, {"account_id": ACCOUNT, "request_id": OTHER, "site_name": "A"})
CREATED = Least(SiteCreated, {"account_id": ACCOUNT, "site_id": OTHER})
NOT_CREATED = Least(SiteCreationFailed, {"account_id": ACCOUNT, "hold_id": OTHER})
INVITE = Least(
    InviteRequested,
    {"account_id": ACCOUNT, "invite_id": OTHER, "email": "ann@example.org", "role": "editor"},
)
ROLE = Least(RoleChangeRequested, {"account_id": ACCOUNT, "member_id": OTHER, "role": "owner"})
TRANSFER = Least(
    OwnershipTransferRequested, {"account_id": ACCOUNT, "request_id": OTHER, "member_id": OTHER}
)
SEEN = Least(MemberSeen, {"account_id": ACCOUNT, "user_id": "u-1", "at": TIME})
OVERRIDE = Least(
    OverrideUpdateRequested,
    {"account_id": ACCOUNT, "limit_type": "sites", "reason": "Promised.", "expected_version": 0},
)
HOLD = Least(
    HoldRequested,
    {
        "account_id": ACCOUNT,
        "request_id": OTHER,
        "limit_type": "keywords",
        "quantity": 1,
        "purpose": "keyword.add",
    },
)
CONFIRMED = Least(HoldConfirmed, {"account_id": ACCOUNT, "hold_id": OTHER, "quantity": 0})
DELETED = Least(KeywordDeleted, {"account_id": ACCOUNT, "keyword_ids": [OTHER]})
READ = Least(AlertReadRequested, {"account_id": ACCOUNT, "source": "credits", "alert_ids": [OTHER]})
ALL = (
    *(REQUEST, COMPLETED, FAILED, EXTENSION, RUN, STAGE, FREEZE, ADJUSTMENT, COST, MODEL),
    *(INVOICE, REFUND, SITE, CREATED, NOT_CREATED, INVITE, ROLE, TRANSFER, SEEN, OVERRIDE),
    *(HOLD, CONFIRMED, DELETED, READ),
)
