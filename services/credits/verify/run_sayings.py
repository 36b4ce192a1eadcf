"""What was said of automation runs beside what they hold: approved, charged by stage, closed."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.contracts.credits import RunApproved, RunClosed, StageCharged
from shared.lanes import lane_of
from shared.verify.sayings import Kind, Row, by_statement

CLOSED = """
    SELECT said.account_id::text, 'a run was announced in one way and stands in another',
           jsonb_build_object('announced', to_jsonb(said) - 'lane' - 'account_id',
                              'state', row.state, 'charged', row.charged, 'released', row.released,
                              'shortfall', row.shortfall)::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
                $7::bigint[])
         AS said (lane, account_id, run_id, state, charged, released, shortfall)
    LEFT JOIN runs AS row ON row.lane = said.lane AND row.run_id = said.run_id
          AND row.account_id = said.account_id
    WHERE (said.state, said.charged, said.released, said.shortfall)
          IS DISTINCT FROM (row.state, row.charged, row.released, row.shortfall)
"""
# Since then it may only live longer.
APPROVED = """
    SELECT said.account_id::text, 'a run was approved in one way and stands in another',
           jsonb_build_object('announced', to_jsonb(said) - 'lane' - 'account_id',
                              'estimated', row.estimated, 'held', row.held,
                              'expires_at', row.expires_at)::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[],
                $7::text[])
         AS said (lane, account_id, run_id, reservation_id, estimated, held, expires_at)
    LEFT JOIN runs AS row ON row.lane = said.lane AND row.run_id = said.run_id
          AND row.account_id = said.account_id
    WHERE (said.reservation_id, said.estimated, said.held)
          IS DISTINCT FROM (row.reservation_id, row.estimated, row.held)
       OR row.refusal IS NOT NULL
       OR date_trunc('milliseconds', row.expires_at) < said.expires_at::timestamptz
"""
# What a report charges is the run's as long as that is open; it may also name work that was asked
# for under another run, or after the end: then no more can be said than that it was charged.
CHARGED = """
    SELECT said.account_id::text, 'more was announced of a stage than was charged',
           jsonb_build_object('announced', to_jsonb(said) - 'lane' - 'account_id',
                              'charged', row.charged, 'held', row.held)::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[],
                $7::bigint[], $8::bigint[])
         AS said (lane, account_id, run_id, stage, credits, operations, shortfall, run_remaining)
    LEFT JOIN runs AS row ON row.lane = said.lane AND row.run_id = said.run_id
          AND row.account_id = said.account_id
    WHERE said.run_remaining > coalesce(row.held, 0)
       OR (said.operations = 0 AND said.credits + said.shortfall > 0)
       OR (said.credits > coalesce(row.charged, 0) AND said.credits > (
              SELECT coalesce(-sum(plan_delta + purchased_delta), 0) FROM ledger
              WHERE ledger.lane = said.lane AND ledger.account_id = said.account_id
                AND type = 'deduction'))
"""


def of_approved(said: RunApproved) -> Row:
    whose = lane_of(said.account_id), said.account_id, said.run_id
    return *whose, said.reservation_id, said.estimated, said.held, said.expires_at


def of_charged(said: StageCharged) -> Row:
    whose = lane_of(said.account_id), said.account_id, said.run_id
    sums = said.credits, said.operations, said.shortfall, said.run_remaining
    return *whose, said.stage, *sums


def of_closed(said: RunClosed) -> Row:
    whose = lane_of(said.account_id), said.account_id, said.run_id
    return *whose, said.state, said.charged, said.released, said.shortfall


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        RunApproved.topic: by_statement(RunApproved, APPROVED, of_approved),
        StageCharged.topic: by_statement(StageCharged, CHARGED, of_charged),
        RunClosed.topic: by_statement(RunClosed, CLOSED, of_closed),
    }
)
