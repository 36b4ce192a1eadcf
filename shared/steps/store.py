"""All SQL of request rows: one statement to lock what a batch is about, one to write it back."""

from collections.abc import Collection, Sequence

import msgspec

from shared.contracts.message import encode
from shared.lanes import lane_of
from shared.postgres import Record, Transaction, columns
from shared.steps.rows import Address, Key, RequestRow, Ticket
from shared.steps.rules import DeadlineDue

# Rows are locked in the order of their keys, however they were found; after the accounts.
LOAD = """
    WITH wanted AS (
        SELECT lane, account_id, topic, natural_key
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
             AS asked (lane, account_id, topic, natural_key)
        UNION
        SELECT lane, account_id, topic, natural_key FROM requests
        JOIN unnest($5::smallint[], $6::uuid[], $7::uuid[]) AS came (lane, account_id, ticket)
             USING (lane, account_id, ticket)
        WHERE state = 'waiting'
    )
    SELECT lane, account_id::text AS account_id, topic, natural_key, content, state, step, attempt,
           ticket::text AS ticket, deadline, created_at, addresses, outcome
    FROM requests JOIN wanted USING (lane, account_id, topic, natural_key)
    ORDER BY lane, account_id, topic, natural_key FOR UPDATE OF requests
"""
SAVE = """
    INSERT INTO requests (lane, account_id, topic, natural_key, content, state, step, attempt,
                          ticket, deadline, created_at, outcome, addresses, waiting)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bytea[],
                         $6::text[], $7::text[], $8::int[], $9::uuid[], $10::timestamptz[],
                         $11::timestamptz[], $12::bytea[], $13::bytea[], $14::smallint[])
    ON CONFLICT (lane, account_id, topic, natural_key) DO UPDATE
    SET content = excluded.content, state = excluded.state, step = excluded.step,
        attempt = excluded.attempt, ticket = excluded.ticket, deadline = excluded.deadline,
        outcome = excluded.outcome, addresses = excluded.addresses, waiting = excluded.waiting
"""
SAVED = (
    "lane",
    "account_id",
    "topic",
    "natural_key",
    "content",
    "state",
    "step",
    "attempt",
    "ticket",
    "deadline",
    "created_at",
    "outcome",
)
# Looks across the lanes of this worker's partitions, by the index of what waits.
FIND_DUE = """
    SELECT account_id::text, topic, natural_key FROM requests
    WHERE state = 'waiting' AND deadline <= clock_timestamp() + make_interval(secs => $4)
      AND lane % $2::int = ANY($1::int[])
    ORDER BY deadline LIMIT $3
"""

read_addresses = msgspec.json.Decoder(list[Address]).decode


async def load(
    tx: Transaction, asked: Collection[Key], came: Collection[Ticket] = ()
) -> list[RequestRow]:
    """Lock the rows of some commands, and of attempts under way that have one of these tickets."""
    if not asked and not came:
        return []
    keys = [(lane_of(key[0]), *key) for key in set(asked)]
    tickets = [(lane_of(ticket[0]), *ticket) for ticket in set(came)]
    rows = await tx.fetch(LOAD, *whole_columns(keys, 4), *whole_columns(tickets, 3))
    return [row_of(row) for row in rows]


def whole_columns(rows: Sequence[tuple[object, ...]], count: int) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) or [()] * count


def row_of(row: Record) -> RequestRow:
    return RequestRow(**{**row, "addresses": read_addresses(row["addresses"])})


async def save(tx: Transaction, changed: Sequence[RequestRow]) -> None:
    """Write rows back, whole."""
    if not changed:
        return
    addresses = [encode(row.addresses) for row in changed]
    waiting = [len(row.addresses) for row in changed]
    await tx.execute(SAVE, *columns(changed, *SAVED), addresses, waiting)


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[DeadlineDue]:
    """What waits in some of so many partitions and has waited too long, the longest first."""
    rows = await tx.fetch(FIND_DUE, list(partitions), of, limit, offset_seconds)
    return [DeadlineDue(*row) for row in rows]
