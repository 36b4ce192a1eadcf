"""Messages about refunds, disputes and adjustments as others send them, in few words."""

from shared.contracts.credits import (
    AdjustmentRequested,
    FreezeReleased,
    FreezeRequested,
    PaymentDisputed,
    PaymentRefunded,
    RefundReversed,
)
from shared.contracts.types import Json
from tests.making import ANN, Fields, uuid

PAYMENT, PACKAGE = uuid(0x900), 902  # The invoice of purchased credits in `desk_with`.


def freeze(number: int, credits: int, account: str = ANN, **said: Json) -> FreezeRequested:
    """Of a package; all or nothing, unless said otherwise."""
    fields: Fields = {
        "payment_id": PAYMENT,
        "invoice_id": uuid(PACKAGE),
        "bucket": "purchased",
        "allow_partial": False,
    }
    return FreezeRequested(
        account_id=account, refund_id=uuid(number), credits=credits, **fields | said
    )


def unfreeze(number: int, account: str = ANN, reason: str = "failed") -> FreezeReleased:
    fields: Fields = {"reason": reason}
    return FreezeReleased(account_id=account, refund_id=uuid(number), **fields)


def refunded(number: int, credits: int, account: str = ANN, **said: Json) -> PaymentRefunded:
    fields: Fields = {"payment_id": PAYMENT, "invoice_id": uuid(PACKAGE), "forced": False}
    return PaymentRefunded(
        account_id=account, refund_id=uuid(number), credits_to_revoke=credits, **fields | said
    )


def reversed_(number: int, account: str = ANN) -> RefundReversed:
    return RefundReversed(account_id=account, refund_id=uuid(number))


def disputed(
    number: int, state: str, credits: int, account: str = ANN, **said: Json
) -> PaymentDisputed:
    """Opened is version 1; whatever follows has another."""
    fields: Fields = {
        "payment_id": PAYMENT,
        "invoice_id": uuid(PACKAGE),
        "state": state,
        "bucket": "purchased",
        "version": 1 if state == "opened" else 2,
    }
    return PaymentDisputed(
        account_id=account, dispute_id=uuid(number), credits=credits, **fields | said
    )


def adjustment(number: int, amount: int, account: str = ANN, **said: Json) -> AdjustmentRequested:
    fields: Fields = {"bucket": "plan", "reason": "goodwill", "note": "The site was down."}
    return AdjustmentRequested(
        account_id=account, adjustment_id=uuid(number), amount=amount, **fields | said
    )
