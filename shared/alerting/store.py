"""All SQL that writes alerts; none is sent where a batch has nothing of the kind."""

from collections.abc import Sequence
from datetime import datetime

from shared.alerting.rules import Shelf
from shared.contracts.message import encode
from shared.contracts.operating import AlertRaised, AlertReadRequested
from shared.lanes import lane_of
from shared.postgres import Transaction, columns

COLUMNS = ("account_id", "kind", "mark", "window", "alert_id", "severity", "audience")
ADD = """
    INSERT INTO alerts (created_at, lane, content, account_id, kind, subject, month, alert_id,
                        severity, audience, threshold)
    SELECT $1::timestamptz, new.*, coalesce((new.content ->> 'threshold')::smallint, 0)
    FROM unnest($2::smallint[], $3::text[]::jsonb[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                $8::uuid[], $9::text[], $10::text[])
         AS new (lane, content, account_id, kind, subject, month, alert_id, severity, audience)
    ON CONFLICT DO NOTHING RETURNING alert_id::text
"""
FIND_NAMED = """
    SELECT named.account_id::text, named.alert_id::text, found.audience, found.read_at IS NULL
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS named (lane, account_id, alert_id)
    CROSS JOIN LATERAL (
        SELECT audience, read_at FROM alerts
        WHERE lane = named.lane AND account_id = named.account_id AND alert_id = named.alert_id
        OFFSET 0
    ) AS found
"""
COUNT_UNREAD = """
    SELECT asked.account_id::text, found.audience, found.unread
    FROM unnest($1::smallint[], $2::uuid[]) AS asked (lane, account_id)
    CROSS JOIN LATERAL (
        SELECT audience, count(*) AS unread FROM alerts
        WHERE lane = asked.lane AND account_id = asked.account_id AND read_at IS NULL
        GROUP BY audience
    ) AS found
"""
MARK_READ = """
    UPDATE alerts SET read_at = $1::timestamptz
    FROM unnest($2::smallint[], $3::uuid[], $4::uuid[]) AS named (lane, account_id, alert_id)
    WHERE alerts.lane = named.lane AND alerts.account_id = named.account_id
      AND alerts.alert_id = named.alert_id AND read_at IS NULL
"""


async def load(tx: Transaction, shelf: Shelf, commands: Sequence[AlertReadRequested]) -> None:
    """Take from the rows what these commands name."""
    if not commands:
        return
    named = list({(x.account_id, alert_id) for x in commands for alert_id in x.alert_ids})
    whose = list({command.account_id for command in commands})
    for account_id, alert_id, audience, is_unread in await tx.fetch(
        FIND_NAMED, [lane_of(account_id) for account_id, _ in named], *zip(*named, strict=True)
    ):
        shelf.named[account_id, alert_id] = audience
        if is_unread:
            shelf.unread.add((account_id, alert_id))
    for account_id, audience, unread in await tx.fetch(
        COUNT_UNREAD, [lane_of(account_id) for account_id in whose], whose
    ):
        shelf.unread_counts[account_id, audience] = unread


async def save(tx: Transaction, shelf: Shelf, now: datetime) -> None:
    """Mark what was read."""
    if shelf.newly_read:
        lanes = [lane_of(account_id) for account_id, _ in shelf.newly_read]
        await tx.execute(MARK_READ, now, lanes, *zip(*shelf.newly_read, strict=True))


async def add(tx: Transaction, raised: Sequence[AlertRaised], now: datetime) -> list[AlertRaised]:
    """Keep one alert a mark, whoever raises it first; give those that nobody raised before."""
    if not raised:
        return []
    marks = {(a.account_id, a.kind, a.mark, a.window, a.threshold): a for a in reversed(raised)}
    alerts = list(marks.values())
    lanes = [lane_of(alert.account_id) for alert in alerts]
    rows = [encode(alert).decode() for alert in alerts]
    added = await tx.fetch(ADD, now, lanes, rows, *columns(alerts, *COLUMNS))
    fresh = {row[0] for row in added}
    return [alert for alert in alerts if alert.alert_id in fresh]
