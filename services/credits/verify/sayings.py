"""What was said of use, runs, alerts and changes by hand is what the books say of them (I11).

Each of these comes in the transaction of what it tells of, and in one parcel with the other facts
of it; so it is not asked row by row whether anybody was told. Prices have a check of their own, and
`service.health.reported` tells of nothing that is kept.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from services.credits.verify import run_sayings, usage_sayings
from services.credits.verify.authors import KEPT_SINCE
from services.credits.verify.saying import Kind, Row, by_statement
from shared.contracts.credits import OBEYED
from shared.contracts.message import Message
from shared.contracts.operating import AlertRaised, AuditRecorded
from shared.lanes import lane_of, lane_of_key
from shared.verifying import Finding, Snapshot, Violation, of_one

OURS = {message.topic for message in OBEYED}

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


def of_alert(said: AlertRaised) -> Row | None:
    """Other services raise alerts as well."""
    if said.source != "credits" or said.account_id is None:
        return None
    return lane_of(said.account_id), said.account_id, said.alert_id, said.window


def of_audit(said: AuditRecorded) -> Row | None:
    """Other services keep records as well: of their own commands."""
    if said.action not in OURS:
        return None
    lane = lane_of_key((said.account_id or said.object.id).encode())
    return lane, said.account_id, said.audit_id, said.at


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **run_sayings.KINDS,
        **usage_sayings.KINDS,
        AlertRaised.topic: by_statement(AlertRaised, ALERTS, of_alert),
        AuditRecorded.topic: by_statement(AuditRecorded, AUDITS, of_audit),
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
    said: list[Message] = []
    finding.checked += len(values)
    for value in values:
        try:
            said.append(kind.decode(value))
        except msgspec.DecodeError as error:
            finding.add(Violation(None, "a fact cannot be read", {"error": str(error)}))
    finding.add(*await kind.differing(snapshot.tx, said))


CHECKS = (of_one("I11", find, "topics"),)
