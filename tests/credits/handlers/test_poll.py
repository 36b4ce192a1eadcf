"""Credits from Kafka record to outbox row, on a real PostgreSQL: good records and bad ones."""

import time

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.credits import domain
from shared import metrics
from shared.actor import Verifier
from shared.contracts.credits import OperationReplied
from shared.contracts.message import encode
from shared.contracts.types import Json
from shared.lanes import lane_of
from tests import making
from tests.credits.handlers.asking import (
    COMPLETED,
    REQUESTED,
    Ids,
    error_of,
    raw,
    rows_of,
    value_of,
)
from tests.credits.handlers.worker import Worker
from tests.making import PARTITIONS, raw_record, reader, record

NOW_SECONDS = making.NOW_MILLISECONDS // 1000

KEY, ANOTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})


async def test_a_poll_is_applied_in_order_and_announced(worker: Worker, ids: Ids) -> None:
    account, number = ids
    poll = [
        making.paid(100, account, invoice=number),
        making.requested(number + 1, account),
        making.completed(number + 1, account),
    ]

    await worker.obey([record(message) for message in poll])

    assert await rows_of(worker, ids) == [("committed", 60, 47)]
    assert sorted(worker.recorder.topics()) == [
        "ai.operation.replied",
        "credits.balance.changed",
        "credits.committed",
        "credits.granted",
        "credits.reserved",
        "usage.recorded",
    ]


async def test_a_redelivered_poll_does_nothing(worker: Worker, ids: Ids) -> None:
    account, number = ids
    poll = [record(making.paid(100, account, invoice=number))]
    poll += [record(making.requested(number + 1, account))]

    await worker.obey(poll)
    heard = len(worker.recorder.sent)
    await worker.obey(poll)

    assert len(worker.recorder.sent) == heard
    assert await rows_of(worker, ids) == [("held", 60, 0)]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"operation_id": 7}, "operation_id"),
        ({"operation_id": "seven"}, "operation_id"),
        ({"operation_type": None}, "operation_type"),
        ({"operation_type": "a b"}, "operation_type"),
        ({"hold_ttl_s": 59}, "hold_ttl_s"),
        ({"hold_ttl_s": 7201}, "hold_ttl_s"),
        ({"hold_ttl_s": True}, "hold_ttl_s"),
        ({"hold_ttl_s": 600.0}, "hold_ttl_s"),
        ({"hold_ttl_s": "600"}, "hold_ttl_s"),
        ({"source": "magic"}, "source"),
        ({"user_id": "a\x00b"}, "user_id"),
        ({"user_id": " "}, "user_id"),
        ({"estimate": {"words": -1}}, "estimate.words"),
        ({"estimate": {"words": 2**53}}, "estimate.words"),
        ({"estimate": {"words": 1.5}}, "estimate.words"),
        ({"estimate": {"images": [{"quality": "basic", "count": 0}]}}, "estimate.images[0].count"),
        ({"related": {"type": "post"}}, "related.id"),
    ],
)
async def test_an_invalid_field_is_named_and_nothing_is_written(
    worker: Worker, ids: Ids, fields: dict[str, Json], path: str
) -> None:
    await worker.obey([raw(ids, value_of(ids, **fields))])

    error = error_of(worker)
    assert error.code == "invalid"
    assert [problem.path for problem in error.fields or ()] == [path]
    assert await rows_of(worker, ids) == []


async def test_an_invalid_request_leaves_its_id_free(worker: Worker, ids: Ids) -> None:
    await worker.obey([record(making.paid(100, ids.account, invoice=ids.number))])
    await worker.obey([raw(ids, value_of(ids, hold_ttl_s=1)), raw(ids, value_of(ids))])

    assert await rows_of(worker, ids) == [("held", 60, 0)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, b"undecodable"),
        (b"", b"undecodable"),
        (b'{"account_id"', b"undecodable"),
        (b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", b"undecodable"),
        (b'{"x":NaN}', b"undecodable"),
        (b'{"x":"\\ud800"}', b"undecodable"),
        (b'{"x":"\xff"}', b"undecodable"),
        (b'{"x":"' + b"a" * 5 * 1024 * 1024 + b'"}', b"too_large"),
    ],
    ids=["tombstone", "empty", "truncated", "deep", "nan", "surrogate", "latin", "large"],
)
async def test_what_cannot_be_read_is_set_aside_as_it_came(
    worker: Worker, ids: Ids, value: bytes | None, reason: bytes
) -> None:
    bad = raw(ids, value, trace=b"\xff", nothing=None)
    good = record(making.paid(100, ids.account, invoice=ids.number))

    await worker.obey([bad, good])

    (dead,) = worker.recorder.of(f"{REQUESTED}.dlq")
    assert (dead.key, dead.value) == (bad.key, value)
    kept = dict(dead.headers)
    assert (kept["trace"], kept["nothing"], kept["dlq_reason"]) == (b"\xff", None, reason)
    assert (kept["dlq_topic"], kept["dlq_offset"]) == (REQUESTED.encode(), b"%d" % bad.offset)
    assert "credits.granted" in worker.recorder.topics()


async def test_an_invalid_event_is_set_aside(worker: Worker, ids: Ids) -> None:
    negative = msgspec.json.decode(encode(making.completed(1, ids.account)))
    negative["tokens_input"] = -5

    await worker.obey([raw(ids, msgspec.json.encode(negative), COMPLETED)])

    (dead,) = worker.recorder.sent
    assert (dead.topic, dead.header("dlq_reason")) == (f"{COMPLETED}.dlq", b"invalid")


async def test_work_that_nobody_can_price_is_set_aside(worker: Worker, ids: Ids) -> None:
    await worker.obey([record(making.completed(1, ids.account, operation_type="telepathy"))])

    (dead,) = worker.recorder.sent
    assert (dead.topic, dead.header("dlq_reason")) == (f"{COMPLETED}.dlq", b"invalid")
    assert await rows_of(worker, ids) == []


async def test_a_record_outside_its_accounts_stream_is_invalid(worker: Worker, ids: Ids) -> None:
    value, own = value_of(ids), ids.account.encode()
    home = lane_of(ids.account) % PARTITIONS
    strange = making.uuid(ids.number + 500).encode()
    poll = [
        raw_record(REQUESTED, value, None, partition=home),
        raw_record(REQUESTED, value, strange, partition=home),
        raw_record(REQUESTED, value, own, partition=(home + 1) % PARTITIONS),
    ]

    await worker.obey(poll)

    replies = worker.recorder.messages(OperationReplied)
    paths = [problem.path for r in replies if r.error for problem in r.error.fields or ()]
    assert paths == ["account_id"] * 3
    assert all(one.partition == home for one in worker.recorder.sent)
    assert await rows_of(worker, ids) == []


async def test_another_tenants_operation_is_an_unknown_one(worker: Worker, ids: Ids) -> None:
    account, number = ids
    stranger = making.uuid(number + 600)
    await worker.obey([record(making.paid(100, account, invoice=number))])
    await worker.obey([record(making.requested(number + 1, account))])
    worker.recorder.sent.clear()

    await worker.obey([record(making.extension(number + 1, 7200, stranger))])
    (reply,) = worker.recorder.sent
    await worker.obey([record(making.failed(number + 1, stranger))])

    assert reply.said["error"]["code"] == "not.found"
    assert await rows_of(worker, ids) == [("held", 60, 0)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"operation_type": "telepathy"}, "operation.unknown"),
        ({"model": "gpt-0"}, "model.unknown"),
        ({"model": "gpt-4o"}, "model.unknown"),  # Switched off.
    ],
)
async def test_what_nobody_offers_is_refused(
    worker: Worker, ids: Ids, fields: dict[str, Json], code: str
) -> None:
    await worker.obey([record(making.paid(100, ids.account, invoice=ids.number))])
    await worker.obey([raw(ids, value_of(ids, **fields))])

    error = error_of(worker)
    assert error.code == code
    assert error.allowed


async def test_future_fields_are_ignored_and_the_last_of_equal_keys_counts(
    worker: Worker, ids: Ids
) -> None:
    value = value_of(ids, invented={"deep": [1]})[:-1] + b',"hold_ttl_s":1,"hold_ttl_s":60}'
    await worker.obey([record(making.paid(100, ids.account, invoice=ids.number))])
    await worker.obey([raw(ids, value)])

    assert await rows_of(worker, ids) == [("held", 60, 0)]


async def test_an_answer_never_goes_where_a_stranger_wants_it(worker: Worker, ids: Ids) -> None:
    before = metrics.UNKNOWN_REPLY_TOPICS._value.get()  # noqa: SLF001 - There is no other way.
    await worker.obey([raw(ids, value_of(ids), reply_to=b"credits.granted")])

    (reply,) = worker.recorder.of("ai.operation.replied")
    assert reply.partition == lane_of(ids.account) % PARTITIONS
    assert metrics.UNKNOWN_REPLY_TOPICS._value.get() == before + 1  # noqa: SLF001


@pytest.mark.parametrize(("asked", "given"), [(b"2", 2), (b"4", None), (b"-1", None), (b"x", None)])
async def test_an_answer_goes_to_the_partition_that_is_asked_for(
    worker: Worker, ids: Ids, asked: bytes, given: int | None
) -> None:
    headers = {"reply_to": b"replies.web", "reply_partition": asked, "correlation_id": b"c-1"}
    await worker.obey([raw(ids, value_of(ids), REQUESTED, **headers)])

    (reply,) = worker.recorder.of("replies.web")
    assert reply.partition == (lane_of(ids.account) % PARTITIONS if given is None else given)
    assert reply.header("correlation_id") == b"c-1"
    assert reply.header("ce_type") == b"ai.operation.replied"


async def test_what_is_read_too_late_is_not_done(worker: Worker, ids: Ids) -> None:
    await worker.obey([raw(ids, value_of(ids), ttl_ms=b"1000")])

    error = error_of(worker)
    assert (error.code, error.retryable) == ("unavailable", True)
    assert await rows_of(worker, ids) == []


async def test_what_was_too_late_stays_too_late_when_its_dead_letter_is_replayed(
    worker: Worker, ids: Ids
) -> None:
    just_now = time.time_ns() // 10**6
    first = {"ttl_ms": b"60000", "dlq_timestamp": b"%d" % (just_now - 61_000)}
    place = lane_of(ids.account) % PARTITIONS
    key, where = ids.account.encode(), {"partition": place, "timestamp": just_now}
    late = raw_record(REQUESTED, value_of(ids), key, first, **where)
    await worker.obey([late])

    assert error_of(worker).code == "unavailable"
    assert await rows_of(worker, ids) == []


async def test_a_stage_has_the_number_that_its_sender_gives_it(worker: Worker, ids: Ids) -> None:
    account, number = ids
    done = making.completed(number + 1, account, stage=2**53 - 1)
    await worker.obey([record(making.paid(100, account, invoice=number)), record(done)])

    (usage,) = worker.recorder.of("usage.recorded")
    assert usage.said["stage"] == 2**53 - 1


async def test_a_record_that_only_postgresql_refuses_is_set_aside_alone(
    worker: Worker, ids: Ids
) -> None:
    account, number = ids
    strange = making.paid(7, account, invoice=number + 7)
    rest = [making.paid(100, account, invoice=number), making.requested(number + 1, account)]
    pool = worker.service.database.pool_for(None)
    await pool.execute("ALTER TABLE grants ADD CONSTRAINT no_seven CHECK (asked <> 7) NOT VALID")
    try:
        await worker.obey([record(message) for message in (rest[0], strange, rest[1])])
    finally:
        await pool.execute("ALTER TABLE grants DROP CONSTRAINT no_seven")

    (dead,) = worker.recorder.of("invoice.paid.dlq")
    assert (dead.value, dead.header("dlq_reason")) == (encode(strange), b"database")
    assert await rows_of(worker, ids) == [("held", 60, 0)]


def test_every_message_that_is_obeyed_can_be_read() -> None:
    assert reader(*domain.OBEYED)
