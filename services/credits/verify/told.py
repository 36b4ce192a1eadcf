"""Facts beside the rows that they are about: each statement gives those that do not agree."""

from collections.abc import Sequence
from typing import NamedTuple

from services.credits.book import Buckets, into
from services.credits.verify.announced import Said
from shared.contracts.credits import (
    CreditsAdjusted,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    ShortfallRecorded,
)
from shared.lanes import lane_of
from shared.postgres import Transaction
from shared.verifying import Violation, violations_in

# Entry by entry by its key: to read all of the ledger for some of it takes longer.
ENTRIES = """
    SELECT told.account_id::text, 'an entry was announced that is not in the ledger',
           jsonb_build_object('announced', to_jsonb(told) - 'lane' - 'account_id',
                              'stored', to_jsonb(entry) - 'lane' - 'account_id' - 'metadata')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::bigint[])
         AS told (lane, account_id, seq, at, transaction_id, amount, plan_delta, purchased_delta,
                  balance_after)
    LEFT JOIN LATERAL (
        SELECT * FROM ledger
        WHERE ledger.lane = told.lane AND ledger.account_id = told.account_id
          AND ledger.seq = told.seq AND created_at = told.at::timestamptz OFFSET 0
    ) AS entry ON true
    WHERE (told.transaction_id, told.amount, told.balance_after)
          IS DISTINCT FROM (entry.transaction_id, entry.plan_delta + entry.purchased_delta,
                            entry.balance_after)
       OR told.plan_delta <> entry.plan_delta OR told.purchased_delta <> entry.purchased_delta
"""
# A hold that is over may be charged late after all; nothing else follows an end (P9, P16).
OPERATIONS = """
    SELECT told.account_id::text, 'an operation was announced in one way and stands in another',
           jsonb_build_object('operation_id', told.operation_id, 'announced', told.state,
                              'state', row.state, 'announced_held', told.held, 'held', row.held,
                              'announced_charge', told.charged, 'charged', row.charged,
                              'announced_shortfall', told.shortfall, 'shortfall', row.shortfall
                             )::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[],
                $7::bigint[], $8::bigint[])
         AS told (lane, account_id, operation_id, reservation_id, state, held, charged, shortfall)
    LEFT JOIN reservations AS row ON row.lane = told.lane AND row.subject_id = told.operation_id
          AND row.account_id = told.account_id AND row.kind = 'operation'
    WHERE row.reservation_id IS NULL OR row.reservation_id <> told.reservation_id
       OR row.held <> told.held OR row.charged <> told.charged OR row.shortfall <> told.shortfall
       OR NOT (told.state = 'held' OR told.state = row.state
               OR (told.state IN ('released', 'expired') AND row.state = 'committed_late'))
"""
# Of runs, refunds and disputes: what they held at first, and what of it was free again at the end.
HOLDS = """
    SELECT told.account_id::text, 'a hold was announced in one way and stands in another',
           jsonb_build_object('kind', told.kind, 'subject_id', told.subject_id,
                              'announced_held', told.held, 'held', row.held,
                              'announced_released', told.released, 'released', row.released,
                              'state', row.state)::text
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[],
                $7::bigint[])
         AS told (lane, account_id, kind, subject_id, reservation_id, held, released)
    LEFT JOIN LATERAL (
        SELECT reservation_id, held, released, state FROM runs
        WHERE told.kind = 'run' AND runs.lane = told.lane AND run_id = told.subject_id
          AND runs.account_id = told.account_id
        UNION ALL
        SELECT reservation_id, frozen, frozen, state FROM clawbacks
        WHERE clawbacks.lane = told.lane AND clawbacks.subject_id = told.subject_id
          AND clawbacks.account_id = told.account_id AND clawbacks.kind = told.kind
        OFFSET 0
    ) AS row ON true
    WHERE row.reservation_id IS DISTINCT FROM told.reservation_id
       OR row.held <> told.held OR row.released < told.released
       OR (told.released IS NOT NULL AND row.state IN ('approved', 'running', 'frozen'))
"""


class Moved(NamedTuple):
    """What a fact says of a balance; of a claw-back, the bucket that it was first of all of."""

    amount: int
    plan: int | None
    purchased: int | None


async def disagreements(tx: Transaction, facts: Sequence[Said]) -> list[Violation]:
    """Those of the facts that are not what the ledger and the holds say."""
    found: list[Violation] = []
    for statement, rows in (
        (ENTRIES, [row for fact in facts if (row := as_entry(fact))]),
        (OPERATIONS, [row for fact in facts if (row := as_operation(fact))]),
        (HOLDS, [row for fact in facts if (row := as_hold(fact))]),
    ):
        if rows:
            found += violations_in(await tx.fetch(statement, *zip(*rows, strict=True)))
    return found


def as_entry(fact: Said) -> tuple[object, ...] | None:
    """What a fact says of the ledger, where it says that something moved."""
    moved = moved_by(fact)
    if moved is None or not moved.amount:
        return None
    account_id, transaction = fact.account_id, getattr(fact, "transaction_id", None)
    balance = getattr(fact, "balance_after", None)
    return lane_of(account_id), account_id, fact.seq, fact.at, transaction, *moved, balance


def moved_by(fact: Said) -> Moved | None:
    match fact:
        case CreditsCommitted():
            return exactly(Buckets(fact.plan_delta, fact.purchased_delta))
        case CreditsGranted(reason="paid"):
            return exactly(into(fact.bucket, fact.granted))
        case CreditsGranted():
            return Moved(fact.granted, None, None)
        case CreditsRevoked():
            return Moved(-fact.revoked, None, None)
        case CreditsAdjusted():
            return exactly(into(fact.bucket, fact.amount))
        case _:
            return None


def exactly(deltas: Buckets) -> Moved:
    return Moved(sum(deltas), *deltas)


def as_operation(fact: Said) -> tuple[object, ...] | None:
    """What a fact says of an operation: how it stands, what it holds, what it was charged."""
    says: tuple[str, int | None, int | None, int | None]
    match fact:
        case CreditsReserved(operation_id=str(operation_id)):
            says = ("held", fact.held, None, None)
        case CreditsReleased(operation_id=str(operation_id)):
            says = ("released", None, None, None)
        case CreditsExpired(operation_id=str(operation_id)):
            says = ("expired", None, None, None)
        case CreditsCommitted() | ShortfallRecorded():
            operation_id = fact.operation_id
            state = "committed_late" if fact.late else "committed"
            says = (state, None, fact.charged, fact.shortfall)
        case _:
            return None
    account_id, reservation = fact.account_id, getattr(fact, "reservation_id", None)
    return lane_of(account_id), account_id, operation_id, reservation, *says


def as_hold(fact: Said) -> tuple[object, ...] | None:
    """What a fact says of the hold of a run, a refund or a dispute."""
    held: int | None = None
    freed: int | None = None
    match fact:
        case CreditsReserved(operation_id=None):
            subject, held = fact.run_id or fact.refund_id or fact.dispute_id, fact.held
        case CreditsReleased(operation_id=None) | CreditsExpired(operation_id=None):
            subject, freed = fact.subject, fact.released
        case _:
            return None
    account_id = fact.account_id
    return lane_of(account_id), account_id, fact.kind, subject, fact.reservation_id, held, freed
