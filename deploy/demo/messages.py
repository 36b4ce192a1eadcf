"""A job as the messages that a pipeline sends about it."""

from uuid import uuid4

from deploy.demo.rule import Customer, Job
from shared.contracts.credits import (
    ExtensionRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
)
from shared.contracts.invoicing import AccountStatusChanged, Grant, InvoicePaid
from shared.contracts.message import Message

LONGER_SECONDS = 1800


def paid(customer: Customer, grant: Grant) -> InvoicePaid:
    return InvoicePaid(
        account_id=customer.account_id, invoice_id=str(uuid4()), status="paid", grants=[grant]
    )


def paused(customer: Customer) -> AccountStatusChanged:
    reason = "The invoice of last month is open."
    return AccountStatusChanged(
        account_id=customer.account_id, status="suspended", reason=reason, version=1
    )


def request(job: Job) -> OperationRequested:
    return OperationRequested(
        account_id=job.customer.account_id,
        operation_id=job.operation_id,
        operation_type=job.work.operation_type,
        model=job.work.model,
        estimate=job.work.estimate,
    )


def more_time(job: Job) -> ExtensionRequested:
    return ExtensionRequested(
        account_id=job.customer.account_id, operation_id=job.operation_id, extend_s=LONGER_SECONDS
    )


def completion(job: Job) -> OperationCompleted:
    """What was used: the trace's tokens; an image's price has nothing to do with tokens."""
    is_text = job.work.images is None
    return OperationCompleted(
        account_id=job.customer.account_id,
        operation_id=job.operation_id,
        operation_type=job.work.operation_type,
        model_used=job.work.model,
        tokens_input=job.call.tokens_input if is_text else None,
        tokens_output=job.call.tokens_output if is_text else None,
        images=job.work.images,
        units=job.work.pages,
    )


def failure(job: Job) -> OperationFailed:
    """The prompt was read, and is paid for by us."""
    return OperationFailed(
        account_id=job.customer.account_id,
        operation_id=job.operation_id,
        reason_code="provider_error",
        model_used=job.work.model,
        tokens_input=None if job.work.images else job.call.tokens_input,
        tokens_output=None if job.work.images else 0,
    )


def cancellation(job: Job) -> OperationCancelled:
    return OperationCancelled(
        account_id=job.customer.account_id, operation_id=job.operation_id, by="the author"
    )


def reports(job: Job) -> tuple[Message, ...]:
    """What is told after the request was granted; late is told in two steps."""
    match job.fate:
        case "completed":
            return (completion(job),)
        case "failed":
            return (failure(job),)
        case "cancelled":
            return (cancellation(job),)
        case "late":
            return (cancellation(job), completion(job))
        case "overtaking":
            return ()
