"""A month of the usage log, row by row, an account after the other; nothing is written."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.contracts.types import Quality
from shared.postgres import Transaction

ROWS_AT_ONCE = 1000

# By the primary key: the rows of one operation stand beside each other. The log does not say which
# model was asked for; its operation does.
OF_A_MONTH = """
    SELECT account_id::text, operation_id::text, operation_type, status,
           credits_used + shortfall AS credits, cost_usd::text, model_used, model_requested,
           tokens_input, tokens_output, units, unit_kind, image_quality, items_created, item_kind,
           estimated_tokens, price_version
    FROM usage LEFT JOIN (
        SELECT lane, account_id, subject_id AS operation_id, model AS model_requested
        FROM reservations WHERE kind = 'operation'
    ) AS operations USING (lane, account_id, operation_id)
    WHERE created_at >= $1 AND created_at < $2
    ORDER BY lane, account_id, created_at, usage_id
"""


class Use(NamedTuple):
    """What a row of the log tells of an operation, and its operation of what was asked for."""

    account_id: str
    operation_id: str
    operation_type: str
    status: str
    credits: int  # What it cost: charged, or short.
    cost_usd: str | None
    model_used: str | None
    model_requested: str | None  # By whoever asked for it, or for its stage of a run.
    tokens_input: int | None
    tokens_output: int | None
    units: int | None
    unit_kind: str | None
    image_quality: Quality | None
    items_created: int
    item_kind: str | None
    estimated_tokens: bool
    price_version: int


def span_of(month: str) -> tuple[datetime, datetime]:
    """From its first moment until the next one's.

    ValueError where it is no `YYYY-MM`, OverflowError where no month comes after it.
    """
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return first, (first + timedelta(days=32)).replace(day=1)


async def of_a_month(tx: Transaction, month: str) -> AsyncIterator[Sequence[Use]]:
    """Operation by operation: images of two qualities are two rows."""
    operation = list[Use]()
    async for row in tx.cursor(OF_A_MONTH, *span_of(month), prefetch=ROWS_AT_ONCE):
        use = Use(*row)
        if operation and key_of(use) != key_of(operation[0]):
            yield operation
            operation = []
        operation.append(use)
    if operation:
        yield operation


def key_of(use: Use) -> tuple[str, str, str]:
    """A failure and a charge that came after all are priced each by itself."""
    return use.account_id, use.operation_id, use.status
