"""Rows of the usage log, as whoever asks may see them (`payloads.md` 9)."""

from typing import Any

import msgspec

from shared.asking import Question
from shared.contracts.credits import UsageRow
from shared.contracts.moments import in_milliseconds
from shared.postgres import Record

# A row of the usage log: each column under the name of its field.
USAGE = """
    account_id::text AS account_id, usage_id::text AS usage_id, operation_id::text AS operation_id,
    operation_type, label, details, credits_used, cost_usd::text AS cost_usd, provider, model_used,
    tokens_input, tokens_output, units, unit_kind, image_quality, items_created, item_kind, source,
    site_id::text AS site_id, user_id, run_id::text AS run_id, stage, related_type, related_id,
    related_title, status, estimated_tokens, shortfall, price_version, response_time_ms, created_at
"""


def usage_row_of(row: Record, question: Question[Any]) -> UsageRow:
    """A row, without the cost and other members' ids where the role may not see them."""
    fields = {name: row[name] for name in UsageRow.__struct_fields__ if name != "created_at"}
    full = UsageRow(created_at=in_milliseconds(row["created_at"]), **fields)
    if question.sees_usd:
        return full
    user_id = full.user_id if question.sees_user(full.user_id) else None
    return msgspec.structs.replace(full, cost_usd=None, user_id=user_id)
