"""Holds: sought by their ids and by what was asked, written as a whole when they changed."""

from collections.abc import Collection, Sequence
from typing import TypeAlias

from services.limits.book import Book, Hold, RequestKey
from services.limits.domain import Cause, HoldDue
from shared.contracts.limits import (
    HoldConfirmed,
    HoldReleased,
    HoldRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
)
from shared.copying import Rows, bigint, bytea, moment, or_null, smallint, uuid, word
from shared.keys import among, find, save_rows
from shared.lanes import lane_of
from shared.postgres import Transaction

Naming: TypeAlias = HoldConfirmed | HoldReleased | SiteCreated | SiteCreationFailed | HoldDue
NAMING_HOLDS: frozenset[type[Naming]] = frozenset(
    (HoldConfirmed, HoldReleased, SiteCreated, SiteCreationFailed, HoldDue)
)
Ending: TypeAlias = SiteCreated | SiteCreationFailed
ENDING_SITES: frozenset[type[Ending]] = frozenset((SiteCreated, SiteCreationFailed))
Asking: TypeAlias = HoldRequested | SiteCreationRequested
ASKING: frozenset[type[Asking]] = frozenset((HoldRequested, SiteCreationRequested))

NEW = Rows(
    "holds",
    {
        "lane": smallint,
        "account_id": uuid,
        "topic": word,
        "request_id": uuid,
        "hold_id": uuid,
        "limit_type": word,
        "window": word,
        "state": word,
        "created_at": moment,
        "expires_at": moment,
        "requested": bigint,
        "granted": bigint,
        "confirmed": bigint,
        "counted": bigint,
        "closed_at": moment,
        "purpose": word,
        "request": or_null(bytea),
        "answer": or_null(bytea),
    },
    renamed={"window": "month"},
)
ENDED = ("lane", "request_id", "account_id", "topic", "state", "confirmed", "counted", "closed_at")
ANSWERED = ("lane", "request_id", "account_id", "topic", "request", "answer")
FOUND = """
    SELECT lane, account_id::text, topic, request_id::text, hold_id::text, limit_type, month, state,
           created_at, expires_at, requested, granted, confirmed, counted, closed_at, purpose,
           request, answer
"""
# Key by key through the index, however large the table is.
FIND_BY_ID = f"""
    {FOUND} FROM unnest($1::smallint[], $2::uuid[], $3::uuid[])
        AS wanted (its_lane, its_account, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM holds
        WHERE lane = its_lane AND hold_id = its_id AND account_id = its_account OFFSET 0
    ) AS found
"""  # noqa: S608 - Constants of this file.
FIND_BY_REQUEST = f"""
    {FOUND} FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[])
        AS wanted (its_lane, its_account, its_topic, its_request)
    CROSS JOIN LATERAL (
        SELECT * FROM holds
        WHERE lane = its_lane AND request_id = its_request AND account_id = its_account
          AND topic = its_topic OFFSET 0
    ) AS found
"""  # noqa: S608 - Constants of this file.
# Looks across the lanes of this worker's partitions, by the index of open holds.
FIND_DUE = """
    SELECT account_id::text, hold_id::text FROM holds
    WHERE state = 'held' AND expires_at <= clock_timestamp() + make_interval(secs => $4)
      AND lane % $2::int = ANY($1::int[])
    ORDER BY expires_at LIMIT $3
"""
OPEN = """
    SELECT count(*),
           greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(expires_at)), 0))
    FROM holds WHERE state = 'held'
"""
# The usual end: what was asked and answered stays as it is.
END = """
    UPDATE holds SET state = new.state, confirmed = new.confirmed, counted = new.counted,
                     closed_at = new.closed_at
    FROM (
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],
                             $6::bigint[], $7::bigint[], $8::timestamptz[])
             AS rows (lane, request_id, account_id, topic, state, confirmed, counted, closed_at)
        OFFSET 0
    ) AS new
    WHERE holds.lane = new.lane AND holds.request_id = new.request_id
      AND holds.account_id = new.account_id AND holds.topic = new.topic
"""
# Of a site that was made, or not, before anybody asked.
ANSWER = """
    UPDATE holds SET request = new.request, answer = new.answer
    FROM (
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[],
                             $6::bytea[]) AS rows (lane, request_id, account_id, topic, request,
                                                   answer)
        OFFSET 0
    ) AS new
    WHERE holds.lane = new.lane AND holds.request_id = new.request_id
      AND holds.account_id = new.account_id AND holds.topic = new.topic
      AND holds.request IS NULL
"""


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read the holds that the batch is about."""
    named = {
        (book.accounts[m.account_id].lane, m.account_id, m.hold_id)
        for m in among(causes, NAMING_HOLDS)
        if m.hold_id is not None
    }
    asked = {(m.account_id, m.topic, m.request_id) for m in among(causes, ASKING)}
    asked |= {
        (m.account_id, SiteCreationRequested.topic, m.request_id)
        for m in among(causes, ENDING_SITES)
        if m.request_id is not None
    }
    found = [Hold(*row) for row in await find(tx, FIND_BY_ID, named)]
    for hold in {x.hold_id: x for x in (*found, *await of_requests(tx, asked))}.values():
        book.add_hold(hold)


async def of_requests(tx: Transaction, keys: Collection[RequestKey]) -> list[Hold]:
    """What became of these requests."""
    rows = await find(tx, FIND_BY_REQUEST, {(lane_of(key[0]), *key) for key in keys})
    return [Hold(*row) for row in rows]


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[HoldDue]:
    """The holds of some of so many partitions whose time has passed, the oldest first."""
    rows = await tx.fetch(FIND_DUE, list(partitions), of, limit, offset_seconds)
    return [HoldDue(*row) for row in rows]


async def save(tx: Transaction, book: Book) -> None:
    """New rows are copied; of the others only the end is written, and a late answer."""
    every = list(book.holds.values())
    await NEW.add(tx, [hold for hold in every if hold.is_new])
    changed = [hold for hold in every if hold.is_changed and not hold.is_new]
    await save_rows(tx, END, ENDED, changed)
    sites = [hold for hold in changed if hold.topic == SiteCreationRequested.topic and hold.request]
    await save_rows(tx, ANSWER, ANSWERED, sites)
