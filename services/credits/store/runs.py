"""Runs: sought by key when a batch names one, written as a whole when it changed them."""

from collections.abc import Collection, Sequence
from typing import TypeAlias, get_args

from services.credits.book import Book, Key, Run
from services.credits.book.runs import read_stages
from services.credits.domain import Cause, RunDue
from shared.contracts.credits import (
    ExtensionRequested,
    OperationCompleted,
    OperationRequested,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
)
from shared.keys import among, find, save_rows
from shared.lanes import lane_of
from shared.postgres import Record, Transaction

About: TypeAlias = (
    OperationRequested
    | OperationCompleted
    | ExtensionRequested
    | RunRequested
    | StageCompleted
    | StageFailed
    | RunCompleted
    | RunCancelled
    | RunDue
)
ABOUT_RUNS: frozenset[type[About]] = frozenset(get_args(About))
SAVED = (
    "lane",
    "run_id",
    "account_id",
    "reservation_id",
    "created_at",
    "expires_at",
    "state",
    "available_after",
    "price_version",
    "estimated",
    "held",
    "remaining",
    "charged",
    "shortfall",
    "released",
    "requested_at",
    "closed_at",
    "reason",
    "plan",
    "request",
    "refusal",
)

FIND = """
    SELECT lane, run_id::text AS run_id, account_id::text AS account_id,
           reservation_id::text AS reservation_id, created_at, expires_at, state, available_after,
           price_version, estimated, held, remaining, charged, shortfall, released, requested_at,
           closed_at, reason, stages::text AS stages, request, refusal
    FROM unnest($1::smallint[], $2::uuid[]) AS wanted (its_lane, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM runs WHERE lane = its_lane AND run_id = its_id OFFSET 0
    ) AS found
"""
# Looks across the lanes of this worker's partitions, by the index of open runs.
FIND_DUE = """
    SELECT account_id::text, run_id::text FROM runs
    WHERE state IN ('approved', 'running')
      AND expires_at <= clock_timestamp() + make_interval(secs => $4)
      AND lane % $2::int = ANY($1::int[])
    ORDER BY expires_at LIMIT $3
"""
SAVE = """
    INSERT INTO runs (lane, run_id, account_id, reservation_id, created_at, expires_at, state,
                      available_after, price_version, estimated, held, remaining, charged,
                      shortfall, released, requested_at, closed_at, reason, stages, request,
                      refusal)
    SELECT lane, run_id, account_id, reservation_id, created_at, expires_at, state,
           available_after, price_version, estimated, held, remaining, charged, shortfall, released,
           requested_at, closed_at, reason, stages::jsonb, request, refusal
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[],
                $6::timestamptz[], $7::text[], $8::bigint[], $9::int[], $10::bigint[],
                $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
                $16::timestamptz[], $17::timestamptz[], $18::text[], $19::text[], $20::bytea[],
                $21::bytea[])
         AS new (lane, run_id, account_id, reservation_id, created_at, expires_at, state,
                 available_after, price_version, estimated, held, remaining, charged, shortfall,
                 released, requested_at, closed_at, reason, stages, request, refusal)
    ON CONFLICT (lane, run_id, account_id) DO UPDATE
    SET expires_at = excluded.expires_at, state = excluded.state, remaining = excluded.remaining,
        charged = excluded.charged, shortfall = excluded.shortfall, released = excluded.released,
        requested_at = excluded.requested_at, closed_at = excluded.closed_at,
        stages = excluded.stages, reason = excluded.reason, request = excluded.request,
        refusal = excluded.refusal
"""


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read the runs that the batch names, and those of the operations that it is about."""
    keys = {
        (book.accounts[m.account_id].lane, m.run_id)
        for m in among(causes, ABOUT_RUNS)
        if m.run_id is not None
    }
    keys.update((work.lane, work.run_id) for work in book.operations.values() if work.run_id)
    for row in await find(tx, FIND, keys):
        run = run_of(row)
        book.runs[run.account_id, run.run_id] = run


def run_of(row: Record) -> Run:
    return Run(**{**row, "stages": read_stages(row["stages"])})


async def find_runs(tx: Transaction, keys: Collection[Key]) -> dict[Key, Run]:
    """What is known of these runs, each under its account's id and its own; nothing is locked."""
    rows = await find(tx, FIND, {(lane_of(account_id), run_id) for account_id, run_id in keys})
    runs = [run_of(row) for row in rows]
    return {(run.account_id, run.run_id): run for run in runs}


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[RunDue]:
    """The open runs of some of so many partitions whose time has passed, the oldest first."""
    rows = await tx.fetch(FIND_DUE, list(partitions), of, limit, offset_seconds)
    return [RunDue(*row) for row in rows]


async def save(tx: Transaction, book: Book) -> None:
    """Runs are few: new ones and changed ones are written alike."""
    changed = [run for run in book.runs.values() if run.is_changed]
    await save_rows(tx, SAVE, SAVED, changed)
