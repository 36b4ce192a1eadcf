"""What an operator can rely on when he looks at dead letters, or names one that is not there."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import pytest

from deploy import dead_letters
from deploy.errors import OperatorError
from deploy.local import worker
from deploy.local.environment import KAFKA
from shared.contracts.types import JsonObject
from shared.kafka import MAX_VALUE_BYTES, Record
from shared.wire import Header
from tests.deploy.conftest import Operator
from tests.deploy.letters import Post, asking, dead, place_of, raw
from tests.deploy.traffic import Stack
from tests.making import uuid

pytestmark = pytest.mark.servers

TOPIC, ELSEWHERE = "ai.operation.failed", "account.opened"
DORA = uuid(0xD)
GREEN = b"\x1b[32m"


class Odd(NamedTuple):
    """A record, and how it is told of when it is set aside."""

    key: str
    value: bytes | None
    reason: str
    begins: str
    shown: str


ODD = {
    "text": Odd(DORA, "{\n\täß".encode(), "undecodable", r"{\n\täß", "{\n\täß"),
    "null": Odd(DORA, None, "undecodable", "", "(null)"),
    "binary": Odd(DORA, b"\x00\xff{", "undecodable", r"\x00\xff{", "00 ff 7b"),
    "colour": Odd(DORA, GREEN + b"{", "undecodable", r"\x1b[32m{", "1b 5b 33 32 6d 7b"),
    "large": Odd("nobody", b"a" * (MAX_VALUE_BYTES + 1), "too_large", "a" * 80, ""),
}
HEADERS: list[Header] = [
    ("said", "Grüße".encode()),
    ("nothing", None),
    ("bytes", b"\xff\x00"),
    ("colour", GREEN),
    ("colour", b"green"),
]
HEADERS_SHOWN = """\
said: Grüße
nothing: (null)
bytes: ff 00
colour: 1b 5b 33 32 6d
colour: green
"""


class Aside(NamedTuple):
    """A record where it came from, and its dead letter."""

    original: Record
    letter: Record

    @property
    def set_aside_at(self) -> str:
        return (dict(self.letter.headers)["dlq_at"] or b"").decode()


@pytest.fixture(scope="module")
def aside(books: Stack) -> Mapping[str, Aside]:
    """Every odd record after a worker has met it, and one of another topic."""
    with worker.running("credits", books.environment):
        return asyncio.run(met(Post(books)))


async def met(post: Post) -> Mapping[str, Aside]:
    records = [raw(TOPIC, x.key, x.value, [*HEADERS, *asking(mark)]) for mark, x in ODD.items()]
    letters = await post.set_aside(*records, marks=[*ODD])
    await post.set_aside(raw(ELSEWHERE, DORA, b"{", asking("elsewhere")), marks=["elsewhere"])
    originals = [(await post.until(1, TOPIC, mark))[0] for mark in ODD]
    return dict(zip(ODD, map(Aside, originals, letters), strict=True))


def test_every_dead_letter_is_listed_with_place_reason_origin_time_account_and_first_bytes(
    aside: Mapping[str, Aside], keeper: Operator
) -> None:
    rows = listed(keeper)
    lines = keeper.calls("dlq", "list").stdout.splitlines()
    assert len(lines) == len(rows)
    assert {dead(ELSEWHERE), dead(TOPIC)} <= {row["topic"] for row in rows}
    for mark, one in aside.items():
        _, value, reason, begins, _ = ODD[mark]
        letter, place = one.letter, one.original.partition
        account = None if mark == "large" else DORA
        row = {
            "topic": dead(TOPIC),
            "partition": place,
            "offset": letter.offset,
            "reason": reason,
            "original": {
                "topic": TOPIC,
                "partition": str(place),
                "offset": str(one.original.offset),
            },
            "time": one.set_aside_at,
            "account_id": account,
            "value": begins,
        }
        assert letter.value == value
        assert row in rows
        origin = f"{TOPIC}:{place}:{one.original.offset}"
        where = f"{dead(TOPIC)} {place} {letter.offset}"
        assert (
            f"{where}  {reason}  {origin}  {one.set_aside_at}  {account or '-'}  {begins}" in lines
        )


def test_those_of_one_topic_are_listed_by_its_name_or_by_that_of_its_dead_letters(
    aside: Mapping[str, Aside], keeper: Operator
) -> None:
    rows = listed(keeper, "--topic", TOPIC)
    assert {row["topic"] for row in rows} == {dead(TOPIC)}
    assert len(rows) == len(aside)
    assert listed(keeper, "--topic", dead(TOPIC)) == rows


def listed(keeper: Operator, *arguments: str) -> list[JsonObject]:
    rows: list[JsonObject] = msgspec.json.decode(
        keeper.calls("dlq", "list", "--json", *arguments).stdout
    )["dead_letters"]
    return rows


@pytest.mark.parametrize("mark", ["text", "null", "binary", "colour"])
def test_a_dead_letter_is_shown_whole_text_as_it_is_and_what_a_terminal_would_obey_in_hex(
    aside: Mapping[str, Aside], keeper: Operator, mark: str
) -> None:
    original, letter = aside[mark]
    shown = keeper.calls("dlq", "show", TOPIC, *place_of(letter)[1:])
    assert shown.stdout == (
        f"{dead(TOPIC)} {letter.partition} {letter.offset}\nkey: {DORA}\n{HEADERS_SHOWN}"
        f"correlation_id: {mark}\nreply_to: replies.web\n"
        f"dlq_reason: undecodable\ndlq_topic: {TOPIC}\n"
        f"dlq_partition: {original.partition}\ndlq_offset: {original.offset}\n"
        f"dlq_at: {aside[mark].set_aside_at}\ndlq_timestamp: {original.timestamp}\n"
        f"\n{ODD[mark].shown}\n"
    )


HOW = "name a dead letter by TOPIC PARTITION OFFSET, or many by --all --topic TOPIC"


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        ("list", {KAFKA: "127.0.0.1:9"}, "no Kafka answers at 127.0.0.1:9"),
        ("list --topic moon", {}, "there is no topic moon.dlq"),
        ("list --topic moon --json", {}, "there is no topic moon.dlq"),
        ("show moon 0 0", {}, "there is no dead letter at moon.dlq 0 0"),
        (f"show {TOPIC} 0 999", {}, f"there is no dead letter at {TOPIC}.dlq 0 999"),
        (f"replay {TOPIC} 99 0", {}, f"there is no dead letter at {TOPIC}.dlq 99 0"),
        ("replay --all --topic moon", {}, "there is no topic moon.dlq"),
        ("replay --all", {}, HOW),
    ],
    ids=[
        "no Kafka",
        "an unknown topic",
        "an unknown topic, as JSON",
        "a place in an unknown topic",
        "an unknown place",
        "an unknown partition",
        "all of an unknown topic",
        "all of no topic",
    ],
)
def test_what_cannot_be_found_or_understood_is_said_in_one_line(
    keeper: Operator, arguments: str, more: dict[str, str], words: str
) -> None:
    failed = keeper.calls("dlq", *arguments.split(" "), **more)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == f"igny8: {words}\n"


@pytest.mark.parametrize(
    "place", [[TOPIC, "0"], [TOPIC, "0", "last"], [TOPIC, "", "0"], [TOPIC, "0", "-1"]]
)
def test_what_is_no_place_is_not_looked_for(place: list[str]) -> None:
    with pytest.raises(OperatorError, match="by TOPIC PARTITION OFFSET"):
        dead_letters.replay(place)


def test_one_and_all_cannot_be_asked_for_at_once() -> None:
    with pytest.raises(OperatorError, match="or many by --all --topic TOPIC"):
        dead_letters.replay([TOPIC, "0", "0"], topic=TOPIC, many=True)
