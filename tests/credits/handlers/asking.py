"""Requests of accounts that no other test knows, as raw as a test wants them."""

from itertools import count
from typing import NamedTuple

import msgspec

from shared.contracts.credits import OperationReplied
from shared.contracts.errors import Error
from shared.contracts.types import Json
from shared.kafka import Record
from shared.lanes import lane_of
from tests import making
from tests.credits.handlers.worker import Worker
from tests.making import PARTITIONS, raw_record

REQUESTED, COMPLETED = "ai.operation.requested", "ai.operation.completed"
NUMBERS = count(10_000_000, 1000)


class Ids(NamedTuple):
    """An account and operations that no other test knows."""

    account: str
    number: int


def new_ids() -> Ids:
    number = next(NUMBERS)
    return Ids(making.uuid(number), number)


def error_of(worker: Worker) -> Error:
    """The error of the one reply that was sent."""
    (reply,) = worker.recorder.messages(OperationReplied)
    assert reply.error is not None
    return reply.error


async def rows_of(worker: Worker, ids: Ids) -> list[tuple[Json, ...]]:
    query = (
        "SELECT state, held, charged FROM reservations WHERE account_id = $1 ORDER BY subject_id"
    )
    pool = worker.service.database.pool_for(None)
    return [tuple(row) for row in await pool.fetch(query, ids.account)]


def value_of(ids: Ids, **fields: Json) -> bytes:
    """A request for an article, with other fields in place of the right ones."""
    said = {
        "account_id": ids.account,
        "operation_id": making.uuid(ids.number + 1),
        "operation_type": "content_generation",
    }
    return msgspec.json.encode(said | fields)


def raw(ids: Ids, value: bytes | None, topic: str = REQUESTED, **headers: bytes | None) -> Record:
    place = lane_of(ids.account) % PARTITIONS
    return raw_record(topic, value, ids.account.encode(), headers, partition=place)
