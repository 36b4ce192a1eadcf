"""What limits only watches: whatever its numbers are, what stands beside it is answered."""

import pytest

from shared.contracts.limits import QUERIES, WATCHED, LimitsQuery
from shared.contracts.message import Message
from shared.kafka import Record
from shared.lanes import lane_of
from tests.contracts.filled import extremes_of, filled, numbers_in
from tests.limits.handlers.worker import Worker
from tests.making import PARTITIONS, raw_record, reader, record
from tests.recorder import Sent

NUMBERS = [(message, path, kind) for message in WATCHED for path, kind in numbers_in(message)]
EXTREMES = [
    pytest.param(message, path, number, id=f"{message.topic} {path} {number}")
    for message, path, kind in NUMBERS
    for number in extremes_of(kind)
]
BEYOND = [
    pytest.param(message, path, number, id=f"{message.topic} {path} {number}")
    for message, path, _ in NUMBERS
    for number in (-(2**63) - 1, -1, 2**53, 2**63)
]
VERSIONS = "SELECT version FROM credit_balances WHERE account_id = $1"


def told(message: type[Message], account: str, path: str, number: int) -> Record:
    """As it would be told of an account, with one odd number."""
    value, place = filled(message, {path: number}, {"account_id": account}), lane_of(account)
    key = account.encode()
    return raw_record(message.topic, value, key, partition=place % PARTITIONS)


def asks(account: str) -> Record:
    return record(LimitsQuery(query="usage.summary", account_id=account))


async def hear(worker: Worker, *said: Record) -> list[Sent]:
    """One poll of the group that answers questions."""
    before = len(worker.recorder.sent)
    await worker.reads(*reader(*QUERIES, *WATCHED).read_all(said))
    return worker.recorder.sent[before:]


@pytest.mark.parametrize(("message", "path", "number"), EXTREMES)
async def test_an_extreme_number_is_noted_beside_the_questions(
    worker: Worker, account: str, message: type[Message], path: str, number: int
) -> None:
    (reply,) = await hear(worker, told(message, account, path, number), asks(account))

    assert reply.said["status"] == "ok"
    assert await worker.fetch(VERSIONS, account) == [(number if path == "version" else 1,)]


@pytest.mark.parametrize(("message", "path", "number"), BEYOND)
async def test_a_number_that_no_state_can_have_is_set_aside_alone(
    worker: Worker, account: str, message: type[Message], path: str, number: int
) -> None:
    odd, good = told(message, account, path, number), told(message, account, "version", 2)

    dead, reply = await hear(worker, odd, good, asks(account))

    assert (dead.topic, dead.header("dlq_reason")) == (f"{message.topic}.dlq", b"invalid")
    assert dead.value == odd.value
    assert reply.said["status"] == "ok"
    assert await worker.fetch(VERSIONS, account) == [(2,)]
