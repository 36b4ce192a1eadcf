"""What a service said of alerts and of changes by hand is what it keeps of them.

Both are kept for a time only: what is older is not asked for.
"""

from collections.abc import Collection

from shared.contracts.operating import AlertRaised, AuditRecorded, Service
from shared.lanes import lane_of, lane_of_key
from shared.months import kept_since
from shared.verify.sayings import Kinds, Row, by_statement

# From when on the audit has everything: its months go one by one.
KEPT_SINCE = kept_since("audit", "SELECT min(at) FROM audit_other")
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


def kinds_of(service: Service, obeyed: Collection[str]) -> Kinds:
    """Others raise alerts and keep records as well: those of their own commands."""

    def of_alert(said: AlertRaised) -> Row | None:
        if said.source != service or said.account_id is None:
            return None
        return lane_of(said.account_id), said.account_id, said.alert_id, said.window

    def of_audit(said: AuditRecorded) -> Row | None:
        if said.action not in obeyed:
            return None
        lane = lane_of_key((said.account_id or said.object.id).encode())
        return lane, said.account_id, said.audit_id, said.at

    return {
        AlertRaised.topic: by_statement(AlertRaised, ALERTS, of_alert),
        AuditRecorded.topic: by_statement(AuditRecorded, AUDITS, of_audit),
    }
