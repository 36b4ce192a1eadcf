"""`alerts.list`: what an account was told of, the newest first; the same in every service."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import msgspec

from shared.alerting.rules import DEVELOPER, seen_by
from shared.asking import AsOf, Question
from shared.contracts.errors import Error, forbidden
from shared.contracts.moments import in_milliseconds
from shared.contracts.operating import Alert, Alerts, AskAlerts, Audience
from shared.lanes import lane_of
from shared.postgres import Record, Transaction

Asked: TypeAlias = Question[AskAlerts]

NEWEST = """
    SELECT asked.place, found.content::text AS content, found.read_at
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::boolean[], $5::int[])
         WITH ORDINALITY AS asked (lane, account_id, audiences, unread, size, place)
    CROSS JOIN LATERAL (
        SELECT content, read_at, created_at, alert_id FROM alerts
        WHERE lane = asked.lane AND account_id = asked.account_id
          AND audience = ANY (string_to_array(asked.audiences, ','))
          AND (read_at IS NULL OR NOT asked.unread)
        ORDER BY created_at DESC, alert_id DESC LIMIT asked.size
    ) AS found ORDER BY asked.place, found.created_at DESC, found.alert_id DESC
"""
UNREAD = """
    SELECT asked.place, found.unread
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::boolean[], $5::int[])
         WITH ORDINALITY AS asked (lane, account_id, audiences, unread, size, place)
    CROSS JOIN LATERAL (
        SELECT count(*) AS unread FROM alerts
        WHERE lane = asked.lane AND account_id = asked.account_id AND read_at IS NULL
          AND audience = ANY (string_to_array(asked.audiences, ','))
    ) AS found
"""

read_alert = msgspec.json.Decoder(Alert).decode


class Kept(AsOf, Protocol):
    """The books of a service, in which its alerts lie."""

    @property
    def tx(self) -> Transaction: ...


async def alerts(books: Kept, questions: Sequence[Asked]) -> list[Alerts | Error]:
    """Those for operators are for developers alone, in whose list they are unless told apart."""
    audiences = [audiences_of(asked) for asked in questions]
    places = [place for place, sees in enumerate(audiences) if sees]
    wanted = [columns_of(questions[place], audiences[place]) for place in places]
    rows: dict[int, list[Alert]] = {place: [] for place in places}
    unread: dict[int, int] = {}
    if wanted:
        asked = list(zip(*wanted, strict=True))
        for row in await books.tx.fetch(NEWEST, *asked):
            rows[places[row["place"] - 1]].append(alert_of(row))
        unread = {places[place - 1]: count for place, count in await books.tx.fetch(UNREAD, *asked)}
    return [
        Alerts(rows=rows[place], unread_count=unread[place]) if sees else forbidden((DEVELOPER,))
        for place, sees in enumerate(audiences)
    ]


def audiences_of(asked: Asked) -> Sequence[Audience]:
    """Of whom somebody wants to see the alerts and may; nobody's are a refusal."""
    wanted = asked.params.audience
    return [audience for audience in seen_by(asked.role) if wanted in (None, audience)]


def columns_of(asked: Asked, audiences: Sequence[Audience]) -> tuple[object, ...]:
    account_id, said = asked.account, asked.params
    return lane_of(account_id), account_id, ",".join(audiences), said.unread, said.limit


def alert_of(row: Record) -> Alert:
    """An alert as it was raised, and when somebody read it."""
    raised, read_at = read_alert(row["content"]), row["read_at"]
    if read_at is None:
        return raised
    return msgspec.structs.replace(raised, read_at=in_milliseconds(read_at))
