"""`audit.list`: who changed what, the newest first, a page at a time; the same in every service."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple, Protocol, TypeAlias
from uuid import UUID

import msgspec

from shared.asking import AsOf, Question
from shared.contracts.errors import Error
from shared.contracts.moments import LAST, in_milliseconds
from shared.contracts.operating import (
    AskAudit,
    AuditActor,
    AuditObject,
    AuditRecorded,
    AuditRows,
)
from shared.contracts.types import Uuid
from shared.keyset import cursor_of, start_of
from shared.lanes import lane_of
from shared.postgres import Record, Transaction
from shared.spans import span_of

Asked: TypeAlias = Question[AskAudit]
Statement: TypeAlias = str

QUERY = AskAudit.query

ASKED = """
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                $6::int[], $7::timestamptz[], $8::uuid[], $9::smallint[], $10::uuid[])
         WITH ORDINALITY AS asked (actions, object_id, actor, since, until, size, before_at,
                                   before_id, lane, account_id, place)
"""
FOUND = """
    SELECT audit_id::text AS audit_id, audit.at, audit.account_id::text AS account_id, actor_kind,
           user_id, role, action, object_type, audit.object_id, correlation_id,
           before::text AS before, after::text AS after
    FROM audit
    WHERE at >= asked.since AND at < asked.until AND at <= asked.before_at
      AND (at, audit_id) < (asked.before_at, asked.before_id)
      AND (asked.actions IS NULL OR action = ANY (string_to_array(asked.actions, ',')))
      AND (asked.object_id IS NULL OR audit.object_id = asked.object_id)
      AND (asked.actor IS NULL OR user_id = asked.actor)
"""
NEWEST_FIRST = "ORDER BY at DESC, audit_id DESC LIMIT asked.size"
IN_ORDER = "ORDER BY asked.place, found.at DESC, found.audit_id::uuid DESC"

OF_ONE = f"""
    SELECT asked.place, found.* {ASKED} CROSS JOIN LATERAL (
        {FOUND} AND audit.lane = asked.lane AND audit.account_id = asked.account_id {NEWEST_FIRST}
    ) AS found {IN_ORDER}
"""
# Across the lanes, by time; with what is of no account.
OF_ALL = f"""
    SELECT asked.place, found.* {ASKED} CROSS JOIN LATERAL ({FOUND} {NEWEST_FIRST}) AS found
    {IN_ORDER}
"""


class Kept(AsOf, Protocol):
    """The books of a service, in which its records lie."""

    @property
    def tx(self) -> Transaction: ...


class Moment(NamedTuple):
    """Where a record stands among the others."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    audit_id: Uuid


END = Moment(LAST, str(UUID(int=2**128 - 1)))  # The newest record stands before it.


async def audits(books: Kept, questions: Sequence[Asked]) -> list[AuditRows | Error]:
    """What was changed in single accounts."""
    return await answers(books, questions, OF_ONE)


async def audits_of_all(books: Kept, questions: Sequence[Asked]) -> list[AuditRows | Error]:
    """What was changed in all of them, and in what they have in common."""
    return await answers(books, questions, OF_ALL)


async def answers(
    books: Kept, questions: Sequence[Asked], statement: Statement
) -> list[AuditRows | Error]:
    """A page each, but for who brings a cursor that is none of ours."""
    starts = [start_of(asked.params.page, QUERY, Moment) for asked in questions]
    places = [place for place, start in enumerate(starts) if not isinstance(start, Error)]
    wanted = [columns_of(questions[place], starts[place], books.now) for place in places]
    rows: dict[int, list[Record]] = {place: [] for place in places}
    if wanted:
        for row in await books.tx.fetch(statement, *zip(*wanted, strict=True)):
            rows[places[row["place"] - 1]].append(row)
    return [
        start if isinstance(start, Error) else page(rows[place], asked.params.page.size)
        for place, (asked, start) in enumerate(zip(questions, starts, strict=True))
    ]


def columns_of(asked: Asked, start: Moment | Error | None, now: datetime) -> tuple[object, ...]:
    """What the statement takes of a question; one row more tells whether a page follows."""
    said, owner = asked.params, asked.account_id
    assert not isinstance(start, Error), "whose cursor is none of ours is not looked up"
    return (
        None if said.action is None else ",".join(said.action),
        said.object_id,
        said.actor,
        *span_of(said, now),
        said.page.size + 1,
        *(start or END),
        None if owner is None else lane_of(owner),
        owner,
    )


def page(rows: Sequence[Record], size: int) -> AuditRows:
    shown = rows[:size]
    last = shown[-1] if len(rows) > size else None
    return AuditRows(
        rows=[audit_of(row) for row in shown],
        next_cursor=None if last is None else cursor_of(QUERY, (last["at"], last["audit_id"])),
    )


def audit_of(row: Record) -> AuditRecorded:
    """A record as it was announced."""
    before, after = row["before"], row["after"]
    return AuditRecorded(
        audit_id=row["audit_id"],
        account_id=row["account_id"],
        actor=AuditActor(kind=row["actor_kind"], user_id=row["user_id"], role=row["role"]),
        action=row["action"],
        object=AuditObject(type=row["object_type"], id=row["object_id"]),
        before=None if before is None else msgspec.json.decode(before),
        after=None if after is None else msgspec.json.decode(after),
        correlation_id=row["correlation_id"],
        at=in_milliseconds(row["at"]),
    )
