"""`operation.detail`: one operation with its hold, its usage and its ledger entries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from services.credits.book import Key, Reservation
from services.credits.corrections import read_error
from services.credits.queries.books import Books
from services.credits.queries.ledger import ENTRY, transaction_of
from services.credits.queries.usage import USAGE, usage_row_of
from shared.asking import Question
from shared.contracts.credits import OperationDetail
from shared.contracts.credits.queries import AskOperation
from shared.contracts.errors import Error, not_found
from shared.contracts.moments import in_milliseconds
from shared.contracts.types import JsonObject
from shared.lanes import lane_of
from shared.postgres import Record

RowsOf: TypeAlias = Mapping[Key, Sequence[Record]]

FIND_OPERATIONS = """
    SELECT lane, subject_id::text AS subject_id, account_id::text AS account_id,
           reservation_id::text AS reservation_id, created_at, expires_at, state, available_after,
           kind, operation_type, model, price_version, estimated, held, charged, shortfall,
           charge_seq, closed_at, close_reason, requested_at, answered_late, request, refusal,
           run_id::text AS run_id
    FROM reservations
    JOIN unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS asked (lane, account_id, subject_id)
         USING (lane, account_id, subject_id)
    WHERE kind = 'operation'
"""
# By the primary keys, which begin with the account: neither log has an index of operations.
FIND_USAGE = f"""
    SELECT row.*
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])
         AS ended (lane, account_id, operation_id, since, until)
    CROSS JOIN LATERAL (
        SELECT {USAGE} FROM usage AS rows
        WHERE rows.lane = ended.lane AND rows.account_id = ended.account_id
          AND rows.created_at BETWEEN ended.since AND ended.until
          AND rows.operation_id = ended.operation_id OFFSET 0
    ) AS row
    ORDER BY row.created_at, row.usage_id
"""  # noqa: S608 - Constants of this file.
FIND_ENTRIES = f"""
    SELECT entry.*
    FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::bigint[])
         AS charged (lane, account_id, at, seq)
    CROSS JOIN LATERAL (
        SELECT {ENTRY} FROM ledger
        WHERE ledger.lane = charged.lane AND ledger.account_id = charged.account_id
          AND created_at = charged.at AND ledger.seq = charged.seq
    ) AS entry
"""  # noqa: S608 - Constants of this file.


async def operation_details(
    books: Books, questions: Sequence[Question[AskOperation]]
) -> list[OperationDetail | Error]:
    """Another account's operation is one that nobody knows."""
    keys = [(question.account, question.params.operation_id) for question in questions]
    found = await find_operations(books, keys)
    usage = await find_usage(books, found.values())
    entries = await find_entries(books, found.values())
    return [
        detail(question, found[key], usage.get(key, ()), entries.get(key, ()))
        if key in found
        else not_found("operation")
        for key, question in zip(keys, questions, strict=True)
    ]


async def find_operations(books: Books, keys: Collection[Key]) -> dict[Key, Reservation]:
    """What is known of these operations, each under its account's id and its own."""
    wanted = [(lane_of(account_id), account_id, subject) for account_id, subject in set(keys)]
    if not wanted:
        return {}
    rows = await books.tx.fetch(FIND_OPERATIONS, *zip(*wanted, strict=True))
    known = [Reservation(**row) for row in rows]
    return {(one.account_id, one.subject_id): one for one in known}


async def find_usage(books: Books, operations: Collection[Reservation]) -> RowsOf:
    """What was used is written at the moment at which an operation ends."""
    wanted = [
        (one.lane, one.account_id, one.subject_id, first_end_of(one), one.closed_at)
        for one in operations
        if one.closed_at is not None
    ]
    if not wanted:
        return {}
    rows: dict[Key, list[Record]] = {}
    for row in await books.tx.fetch(FIND_USAGE, *zip(*wanted, strict=True)):
        rows.setdefault((row["account_id"], row["operation_id"]), []).append(row)
    return rows


def first_end_of(operation: Reservation) -> datetime | None:
    """What is charged late may have failed before, at a moment that is forgotten."""
    return operation.created_at if operation.state == "committed_late" else operation.closed_at


async def find_entries(books: Books, operations: Collection[Reservation]) -> RowsOf:
    """The entry of a charge has the number that the operation kept."""
    wanted = [
        (one.lane, one.account_id, one.closed_at, one.charge_seq)
        for one in operations
        if one.charge_seq is not None
    ]
    if not wanted:
        return {}
    rows = await books.tx.fetch(FIND_ENTRIES, *zip(*wanted, strict=True))
    return {(row["account_id"], row["reference_id"]): [row] for row in rows}


def detail(
    question: Question[AskOperation],
    operation: Reservation,
    usage: Sequence[Record],
    entries: Sequence[Record],
) -> OperationDetail:
    closed_at, requested_at = operation.closed_at, operation.requested_at
    held = operation.held > 0
    return OperationDetail(
        state=operation.state,
        estimated=operation.estimated,
        held=operation.held,
        charged=operation.charged,
        shortfall=operation.shortfall,
        price_version=operation.price_version,
        expires_at=in_milliseconds(operation.expires_at),
        closed_at=None if closed_at is None else in_milliseconds(closed_at),
        close_reason=operation.close_reason,
        operation_type=operation.operation_type,
        model=operation.model,
        reservation_id=operation.reservation_id if held else None,
        available_after=operation.available_after if held else None,
        run_id=operation.run_id,
        requested_at=None if requested_at is None else in_milliseconds(requested_at),
        request=request_of(operation, question),
        refusal=None if operation.refusal is None else read_error(operation.refusal),
        usage=[usage_row_of(row, question) for row in usage],
        transactions=[transaction_of(row) for row in entries],
    )


def request_of(operation: Reservation, question: Question[AskOperation]) -> JsonObject | None:
    """What was asked, without another member's id where the role may not see it."""
    if operation.request is None:
        return None
    said: JsonObject = msgspec.json.decode(operation.request)
    if not question.sees_user(said.get("user_id")):
        said.pop("user_id", None)
    return said
