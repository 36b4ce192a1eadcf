"""What was said of runs, alerts and changes by hand is what the books say of them (I11)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import msgspec

from services.credits.verify.authors import KEPT_SINCE
from shared.contracts.credits import OBEYED, RunClosed
from shared.contracts.message import Message
from shared.contracts.operating import AlertRaised, AuditRecorded
from shared.lanes import lane_of, lane_of_key
from shared.verifying import Finding, Snapshot, Violation, of_one, violations_in

Row: TypeAlias = tuple[object, ...]
OURS = {message.topic for message in OBEYED}

RUNS = """
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
# Alerts of this month are always kept.
ALERTS = """
    SELECT said.account_id::text, 'an alert was announced that is not in the books',
           (to_jsonb(said) - 'lane' - 'account_id')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[])
         AS said (lane, account_id, alert_id, month)
    WHERE month >= to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM') AND NOT EXISTS (
        SELECT FROM alerts WHERE alerts.lane = said.lane AND alerts.account_id = said.account_id
           AND alerts.alert_id = said.alert_id)
"""
AUDITS = f"""
    SELECT said.account_id::text, 'a change was announced that is not on record',
           (to_jsonb(said) - 'lane' - 'account_id')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[])
         AS said (lane, account_id, audit_id, at)
    WHERE at::timestamptz >= {KEPT_SINCE} AND NOT EXISTS (
        SELECT FROM audit WHERE audit.lane = said.lane AND audit.audit_id = said.audit_id
           AND audit.at = said.at::timestamptz)
"""  # noqa: S608 - Constants.


class Kind(NamedTuple):
    """How one kind of fact is read, and held against its rows."""

    decode: Callable[[bytes], Message]
    row: Callable[[Message], Row | None]
    differing: str


def of_run(said: Message) -> Row | None:
    assert isinstance(said, RunClosed), "its decoder gives nothing else"
    whose = lane_of(said.account_id), said.account_id, said.run_id
    return *whose, said.state, said.charged, said.released, said.shortfall


def of_alert(said: Message) -> Row | None:
    """Other services raise alerts as well."""
    assert isinstance(said, AlertRaised), "its decoder gives nothing else"
    if said.source != "credits" or said.account_id is None:
        return None
    return lane_of(said.account_id), said.account_id, said.alert_id, said.window


def of_audit(said: Message) -> Row | None:
    """Other services keep records as well: of their own commands."""
    assert isinstance(said, AuditRecorded), "its decoder gives nothing else"
    if said.action not in OURS:
        return None
    lane = lane_of_key((said.account_id or said.object.id).encode())
    return lane, said.account_id, said.audit_id, said.at


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        RunClosed.topic: Kind(msgspec.json.Decoder(RunClosed).decode, of_run, RUNS),
        AlertRaised.topic: Kind(msgspec.json.Decoder(AlertRaised).decode, of_alert, ALERTS),
        AuditRecorded.topic: Kind(msgspec.json.Decoder(AuditRecorded).decode, of_audit, AUDITS),
    }
)
TOPICS = tuple(KINDS)


async def find(snapshot: Snapshot) -> Finding:
    """Hold what the topics still have against the rows; how much they have lost is counted."""
    finding = Finding()
    for place in snapshot.places(TOPICS):
        start, sure, _ = snapshot.reach(place)
        finding.skipped += start
        async for records in snapshot.retained.read(place, start, sure):
            values = [record.value or b"" for record in records]
            await compare(snapshot, finding, KINDS[place.topic], values)
    return finding


async def compare(
    snapshot: Snapshot, finding: Finding, kind: Kind, values: Sequence[bytes]
) -> None:
    rows: list[Row] = []
    finding.checked += len(values)
    for value in values:
        try:
            said = kind.decode(value)
        except msgspec.DecodeError as error:
            finding.add(Violation(None, "a fact cannot be read", {"error": str(error)}))
        else:
            rows += [row] if (row := kind.row(said)) else []
    if rows:
        columns: Sequence[object] = [*zip(*rows, strict=True)]
        finding.add(*violations_in(await snapshot.tx.fetch(kind.differing, *columns)))


CHECKS = (of_one("I11", find, "topics"),)
