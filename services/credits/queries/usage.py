"""Rows of the usage log, as whoever asks may see them (`payloads.md` 9)."""

from typing import Any

from shared.asking import Question
from shared.contracts.credits import UsageRow
from shared.contracts.moments import in_milliseconds
from shared.postgres import Record

COLUMNS = UsageRow.__struct_fields__
AS_TEXT = {"account_id", "usage_id", "operation_id", "site_id", "run_id", "cost_usd"}
# Of `rows` of the usage log: each column under the name of its field, and in its place.
USAGE = ", ".join(
    f"rows.{one}::text AS {one}" if one in AS_TEXT else f"rows.{one}" for one in COLUMNS
)


def usage_row_of(row: Record, question: Question[Any]) -> UsageRow:
    """A row, without the cost and other members' ids where the role may not see them."""
    fields = dict(zip(COLUMNS, row, strict=False))  # A statement may add columns of its own.
    fields["created_at"] = in_milliseconds(row["created_at"])
    if not question.sees_usd:
        fields["cost_usd"] = None
        fields["user_id"] = row["user_id"] if question.sees_user(row["user_id"]) else None
    return UsageRow(**fields)
