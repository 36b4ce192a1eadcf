"""Who changed what: rows that are only ever added, in the transaction of the change.

A record is about an account, or about a row of a catalogue, which is nobody's: then the row's code
stands where the account's id would, and gives the record its lane.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import TIMESTAMP, CheckConstraint, Column, Index, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts.moments import moment_of
from shared.contracts.operating import AuditRecorded
from shared.contracts.types import JsonObject
from shared.lanes import lane_of_key
from shared.postgres import Transaction
from shared.tables import lane_column

ADD = """
    INSERT INTO audit (lane, audit_id, at, account_id, actor_kind, user_id, role, action,
                       object_type, object_id, correlation_id, before, after)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[],
                         $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                         $12::text[]::jsonb[], $13::text[]::jsonb[])
"""


def describe_audit_table(metadata: MetaData) -> None:
    """Add it to a service's own metadata: a table a month, append only by its privileges."""
    audit = Table(
        "audit",
        metadata,
        lane_column(),
        Column("audit_id", Uuid, primary_key=True),
        Column("at", TIMESTAMP(timezone=True), primary_key=True),
        Column("account_id", Uuid),
        Column(
            "actor_kind",
            Text,
            CheckConstraint("actor_kind IN ('user', 'service', 'ops')"),
            nullable=False,
        ),
        Column("user_id", Text),
        Column("role", Text),
        Column("action", Text, nullable=False),
        Column("object_type", Text, nullable=False),
        Column("object_id", Text, nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("before", JSONB),
        Column("after", JSONB),
        CheckConstraint("before IS NOT NULL OR after IS NOT NULL", name="something_was_changed"),
        postgresql_partition_by="RANGE (at)",
    )
    Index("audit_of_account", audit.c.lane, audit.c.account_id, audit.c.at, audit.c.audit_id)
    Index("audit_by_time", audit.c.at, audit.c.audit_id)


async def add(tx: Transaction, audits: Sequence[AuditRecorded]) -> None:
    """Keep the records of a batch; none are no statement."""
    if audits:
        await tx.execute(ADD, *zip(*map(columns_of, audits), strict=True))


def columns_of(audit: AuditRecorded) -> tuple[object, ...]:
    return (
        lane_of_key((audit.account_id or audit.object.id).encode()),
        audit.audit_id,
        moment_of(audit.at),
        audit.account_id,
        audit.actor.kind,
        audit.actor.user_id,
        audit.actor.role,
        audit.action,
        audit.object.type,
        audit.object.id,
        audit.correlation_id,
        as_json(audit.before),
        as_json(audit.after),
    )


def as_json(state: JsonObject | None) -> str | None:
    return None if state is None else msgspec.json.encode(state).decode()
