"""What was said of use is what the usage log says, field by field."""

from collections.abc import Mapping
from types import MappingProxyType

from services.credits.partitions import KEPT_SINCE
from shared.contracts.credits import UsageRecorded
from shared.lanes import lane_of
from shared.verify.sayings import Kind, Row, by_statement

# Every field of a row, as it is sent to PostgreSQL.
FIELDS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("usage_id", "operation_id", "site_id", "run_id"), "uuid")
    | dict.fromkeys(("credits_used", "shortfall", "items_created", "stage", "units"), "bigint")
    | dict.fromkeys(("tokens_input", "tokens_output", "response_time_ms"), "bigint")
    | {"price_version": "int", "estimated_tokens": "boolean"}
)
WHOSE = ("lane", "account_id")
MOMENT, USD = "created_at", "cost_usd"
NAMES = [name for name in UsageRecorded.__struct_fields__ if name not in (*WHOSE, MOMENT, USD)]
ARRAYS = [
    "$1::smallint[]",
    "$2::uuid[]",
    "$3::text[]",
    "$4::text[]",
    *(f"${number}::{FIELDS.get(name, 'text')}[]" for number, name in enumerate(NAMES, start=5)),
]
COLUMNS = ", ".join((*WHOSE, MOMENT, USD, *NAMES))
USED = f"""
    SELECT said.account_id::text, 'use was announced in one way and is logged in another',
           jsonb_build_object('usage_id', said.usage_id, 'operation_id', said.operation_id,
                              'announced', said.credits_used, 'credits_used', row.credits_used,
                              'is_logged', row.usage_id IS NOT NULL)::text
    FROM unnest({", ".join(ARRAYS)}) AS said ({COLUMNS})
    LEFT JOIN LATERAL (
        SELECT * FROM usage
        WHERE usage.lane = said.lane AND usage.account_id = said.account_id
          AND usage.created_at = said.created_at::timestamptz AND usage.usage_id = said.usage_id
        OFFSET 0
    ) AS row ON true
    WHERE said.created_at::timestamptz >= ({KEPT_SINCE})
      AND (({", ".join(f"said.{name}" for name in NAMES)}, said.cost_usd::numeric)
           IS DISTINCT FROM ({", ".join(f"row.{name}" for name in NAMES)}, row.cost_usd))
"""  # noqa: S608 - Constants.


def of_usage(said: UsageRecorded) -> Row:
    fields = [getattr(said, name) for name in NAMES]
    return lane_of(said.account_id), said.account_id, said.created_at, said.cost_usd, *fields


KINDS: Mapping[str, Kind] = MappingProxyType(
    {UsageRecorded.topic: by_statement(UsageRecorded, USED, of_usage)}
)
