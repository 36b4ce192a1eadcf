"""What an operator is told when a dead letter is missing, or is not what was set aside."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.environment import KAFKA
from shared import aside
from shared.envelope import Outgoing
from shared.verifying import Finding, taken
from shared.wire import Header, header, stamped
from tests.deploy.desk import Desk
from tests.deploy.traffic import Stack
from tests.making import topic_of_ours

pytestmark = pytest.mark.servers

TOPIC = "tests.aside"  # Of nobody: what lies there disturbs no other test.
ASIDE = f"{TOPIC}.dlq"
COUNTED = """
    INSERT INTO kafka_offsets (consumer_group, topic, partition, first_offset, next_offset,
                               previous_offset, dead_lettered)
    VALUES ('credits', $1, 0, 0, $2, 0, $2)
"""


@pytest_asyncio.fixture(autouse=True)
async def topics(books: Stack) -> AsyncIterator[None]:
    admin = AIOKafkaAdminClient(bootstrap_servers=books.environment[KAFKA])
    await admin.start()
    await admin.create_topics([topic_of_ours(name, 1) for name in (TOPIC, ASIDE)])
    yield
    await admin.delete_topics([TOPIC, ASIDE])
    await admin.close()


def sent(topic: str, value: bytes, *headers: Header) -> Outgoing:
    written = [header(name, content) for name, content in headers]
    return Outgoing(topic, 0, stamped(b"key", value, written, len(written)))


def position(offset: int) -> list[Header]:
    return [
        ("dlq_reason", b"undecodable"),
        ("dlq_topic", TOPIC.encode()),
        ("dlq_partition", b"0"),
        ("dlq_offset", b"%d" % offset),
        ("dlq_at", b"2026-01-15T12:00:00.000Z"),
    ]


async def found(desk: Desk) -> Finding:
    (check,) = aside.checks([TOPIC])
    return (await check.find(await taken(desk.tx, desk.topics, [TOPIC, ASIDE])))["I12"]


async def test_a_letter_that_came_as_it_was_is_right_and_a_repeat_is_one(
    books: Stack, desk: Desk
) -> None:
    letter = sent(ASIDE, b"{", ("said", None), *position(0))
    await books.publish(sent(TOPIC, b"{", ("said", None)), letter, letter)
    await desk.tx.execute(COUNTED, TOPIC, 1)
    assert await found(desk) == Finding(checked=2)


async def test_a_record_that_was_set_aside_and_is_nowhere_is_named(
    books: Stack, desk: Desk
) -> None:
    await books.publish(sent(TOPIC, b"{"), sent(TOPIC, b"["), sent(ASIDE, b"{", *position(0)))
    await desk.tx.execute(COUNTED, TOPIC, 2)
    (violation,) = (await found(desk)).violations
    assert violation.what == "a record was set aside and is nowhere"
    assert (violation.numbers["set_aside"], violation.numbers["dead_letters"]) == (2, 1)


@pytest.mark.parametrize(
    ("letter", "what"),
    [
        ((b"[", *position(0)), "a dead letter is not what was set aside"),
        ((b"{", ("said", b"it"), *position(0)), "a dead letter is not what was set aside"),
        ((b"{", *position(0)[1:]), "a dead letter does not say where it came from, or why"),
    ],
    ids=["another value", "another header", "no reason"],
)
async def test_a_letter_that_is_not_what_was_set_aside_is_named(
    books: Stack, desk: Desk, letter: tuple[bytes, *tuple[Header, ...]], what: str
) -> None:
    await books.publish(sent(TOPIC, b"{"), sent(ASIDE, letter[0], *letter[1:]))
    assert [violation.what for violation in (await found(desk)).violations] == [what]
