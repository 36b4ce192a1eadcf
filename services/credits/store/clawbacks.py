"""Refunds and disputes: sought by key with what they are about, written back where they changed."""

from collections.abc import Collection, Sequence
from typing import TypeAlias, get_args

from services.credits.book import Book, Bought, Clawback, ClawbackKey
from services.credits.domain import Cause
from shared.contracts.credits import (
    FreezeReleased,
    FreezeRequested,
    PaymentDisputed,
    PaymentRefunded,
    RefundReversed,
)
from shared.keys import among, find, save_rows
from shared.lanes import lane_of
from shared.postgres import Transaction

About: TypeAlias = (
    FreezeRequested | FreezeReleased | PaymentRefunded | RefundReversed | PaymentDisputed
)
ABOUT: frozenset[type[About]] = frozenset(get_args(About))
COLUMNS = (
    "lane",
    "subject_id",
    "account_id",
    "kind",
    "reservation_id",
    "created_at",
    "state",
    "payment_id",
    "invoice_id",
    "bucket",
    "asked",
    "frozen",
    "available_after",
    "closed_at",
    "to_revoke",
    "from_plan",
    "from_purchased",
    "forced",
    "revoked_at",
    "revoke_seq",
    "reversed_at",
    "reverse_seq",
    "request",
    "refusal",
)
# Key by key through the index, however large the table is.
FIND = """
    SELECT lane, subject_id::text, account_id::text, kind, reservation_id::text, created_at, state,
           payment_id::text, invoice_id::text, bucket, asked, frozen, available_after, closed_at,
           to_revoke, from_plan, from_purchased, forced, revoked_at, revoke_seq, reversed_at,
           reverse_seq, request, refusal
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[])
         AS wanted (its_lane, its_account, its_kind, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM clawbacks
        WHERE lane = its_lane AND subject_id = its_id AND account_id = its_account
          AND kind = its_kind OFFSET 0
    ) AS found
"""
# What was bought with an invoice, the first line of each bucket.
FIND_BOUGHT = """
    SELECT DISTINCT ON (account_id, invoice_id, bucket)
           account_id::text, invoice_id::text, bucket, kind, code
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS wanted (its_lane, its_account, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM grants
        WHERE lane = its_lane AND account_id = its_account AND invoice_id = its_id OFFSET 0
    ) AS found
    ORDER BY account_id, invoice_id, bucket, line
"""
SAVE = f"""
    INSERT INTO clawbacks ({", ".join(COLUMNS)})
    SELECT * FROM unnest(
        $1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::timestamptz[],
        $7::text[], $8::uuid[], $9::uuid[], $10::text[], $11::bigint[], $12::bigint[],
        $13::bigint[], $14::timestamptz[], $15::bigint[], $16::bigint[], $17::bigint[],
        $18::boolean[], $19::timestamptz[], $20::bigint[], $21::timestamptz[], $22::bigint[],
        $23::bytea[], $24::bytea[])
    ON CONFLICT (lane, subject_id, account_id, kind) DO UPDATE
    SET state = excluded.state, payment_id = excluded.payment_id, invoice_id = excluded.invoice_id,
        bucket = excluded.bucket, asked = excluded.asked, frozen = excluded.frozen,
        available_after = excluded.available_after, closed_at = excluded.closed_at,
        to_revoke = excluded.to_revoke, from_plan = excluded.from_plan,
        from_purchased = excluded.from_purchased, forced = excluded.forced,
        revoked_at = excluded.revoked_at, revoke_seq = excluded.revoke_seq,
        reversed_at = excluded.reversed_at, reverse_seq = excluded.reverse_seq,
        request = excluded.request, refusal = excluded.refusal
"""  # noqa: S608 - Constants of this file.


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read the refunds and disputes of the batch, and what those gave back had bought."""
    if ABOUT.isdisjoint(map(type, causes)):
        return
    about = among(causes, ABOUT)
    book.clawbacks |= await known(tx, {key_of(message) for message in about})
    refunds = [row for row in book.clawbacks.values() if row.kind == "refund"]
    invoices = {(row.account_id, row.invoice_id) for row in refunds if row.invoice_id}
    invoices |= {(m.account_id, m.invoice_id) for m in about if isinstance(m, PaymentRefunded)}
    wanted = {(lane_of(account_id), account_id, invoice) for account_id, invoice in invoices}
    for row in await find(tx, FIND_BOUGHT, wanted):
        book.bought[row[0], row[1], row[2]] = Bought(row[3], row[4])


async def known(tx: Transaction, keys: Collection[ClawbackKey]) -> dict[ClawbackKey, Clawback]:
    rows = await find(tx, FIND, {(lane_of(key[0]), *key) for key in keys})
    found = [Clawback(*row) for row in rows]
    return {(row.account_id, row.kind, row.subject_id): row for row in found}


def key_of(message: About) -> ClawbackKey:
    if isinstance(message, PaymentDisputed):
        return message.account_id, "dispute", message.dispute_id
    return message.account_id, "refund", message.refund_id


async def save(tx: Transaction, book: Book) -> None:
    changed = [row for row in book.clawbacks.values() if row.is_changed]
    await save_rows(tx, SAVE, COLUMNS, changed)
