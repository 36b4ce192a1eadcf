"""What an operator can rely on when he sends dead letters again."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import pytest

from deploy.local import worker
from deploy.verify import verify
from shared.actor import Actor, private_key_of, sign
from shared.contracts.credits import OperationReplied
from shared.contracts.message import encode
from shared.contracts.topics import MAX_RECORD_BYTES
from shared.kafka import Record
from shared.lanes import lane_of
from shared.verifying import BUSY
from shared.wire import Header
from tests.deploy.conftest import Operator
from tests.deploy.desk import broken
from tests.deploy.letters import ANSWERS, Post, asking, dead, headers_of, place_of, raw
from tests.deploy.traffic import Stack, quiet_stack
from tests.making import PARTITIONS, completed, paid, requested, uuid

pytestmark = pytest.mark.servers

REQUESTED, COMPLETED = "ai.operation.requested", "ai.operation.completed"
CANCELLED, OPENED, PAID = "ai.operation.cancelled", "account.opened", "invoice.paid"
EMIL, FRIDA, GRETE, HANS = map(uuid, (0x1E, 0x1F, 0x20, 0x21))
ODD_HEADERS: list[Header] = [("trace", b"\xff"), ("nothing", None), ("trace", b"twice")]
WRITTEN_BY_HAND = {("I12", "a dead letter does not say where it came from, or why")}
WEEK_SECONDS = 7 * 24 * 3600
BALANCE = "SELECT plan_bucket + purchased_bucket, held FROM accounts WHERE account_id = $1"


@pytest.fixture(scope="module")
def books() -> Iterator[Stack]:
    """Books of their own: letters written by hand are none of a worker's, and verify says so."""
    with quiet_stack() as made:
        yield made


@pytest.fixture(scope="module")
def post(books: Stack) -> Iterator[Post]:
    """Books with a worker on them; they are right when all this is over."""
    with worker.running("credits", books.environment):
        yield Post(books)


async def test_an_operation_that_was_set_aside_acts_once_when_the_cause_is_mended(
    post: Post, keeper: Operator
) -> None:
    """However often it is replayed: one hold, one answer, given again."""
    asked, mark = requested(9_001, EMIL), "mended"
    await post.books.tell(paid(1_000, EMIL, 9_001))
    await post.books.applied()
    record = raw(REQUESTED, EMIL, encode(asked), [*asking(mark), *ODD_HEADERS])
    async with refused_by_the_database(post.books, EMIL):
        (letter,) = await post.set_aside(record, marks=[mark])
    assert dict(letter.headers)["dlq_reason"] == b"database"
    assert await post.marked(ANSWERS, mark) == []

    told = f"replayed {' '.join(place_of(letter))} to {REQUESTED} {letter.partition}\n"
    assert replay(keeper, *place_of(letter)) == told
    assert replay(keeper, *place_of(letter)) == told
    assert code_of(await answers(post, 2, mark)) == "ok"
    assert await balance(post.books, EMIL) == (1_000, 60)

    await post.books.tell(completed(9_001, EMIL))
    await post.books.applied()
    replay(keeper, *place_of(letter))
    await answers(post, 3, mark)
    assert await balance(post.books, EMIL) == (1_000 - 47, 0)
    assert_as_it_came(await post.until(4, REQUESTED, mark))


async def test_a_replayed_record_that_is_still_bad_is_set_aside_again_as_it_came(
    post: Post, keeper: Operator
) -> None:
    mark = "still bad"
    bad = raw(PAID, FRIDA, b"\xff{", [*asking(mark), *ODD_HEADERS])
    (letter,) = await post.set_aside(bad, marks=[mark])
    replay(keeper, *place_of(letter))

    first, second = await post.until(2, dead(PAID), mark)
    assert (second.key, second.value) == (first.key, first.value) == (FRIDA.encode(), b"\xff{")
    assert headers_of(second) == headers_of(first) == [*asking(mark), *ODD_HEADERS]
    came = await post.until(2, PAID, mark)
    assert_as_it_came(came)
    assert dict(second.headers)["dlq_offset"] == b"%d" % came[1].offset


async def test_all_of_a_topic_are_sent_once_each_or_those_with_a_reason(
    post: Post, keeper: Operator
) -> None:
    """However often each was set aside."""
    values = {
        "negative": encode(completed(9_101, GRETE)).replace(b":2000", b":-1"),
        "unpriced": encode(completed(9_102, GRETE, operation_type="telepathy")),
        "half": encode(completed(9_103, GRETE))[:-9],
    }
    records = [raw(COMPLETED, GRETE, value, asking(mark)) for mark, value in values.items()]
    await post.set_aside(*records, marks=[*values])

    invalid = replay(keeper, "--all", "--topic", COMPLETED, "--reason", "invalid")
    assert invalid == f"replayed 2 of {dead(COMPLETED)}: 2 invalid\n"
    for mark, number in zip(values, (2, 2, 1), strict=True):
        await post.until(number, dead(COMPLETED), mark)

    everything = replay(keeper, "--all", "--topic", dead(COMPLETED))
    assert everything == (
        f"replayed 3 of {dead(COMPLETED)}: 2 invalid, 1 undecodable\nleft out 2 set aside again\n"
    )
    for mark, number in zip(values, (3, 3, 2), strict=True):
        assert_as_it_came(await post.until(number, COMPLETED, mark))
        await post.until(number, dead(COMPLETED), mark)


async def test_what_cannot_be_sent_again_as_it_came_is_left_out_and_said(
    post: Post, keeper: Operator
) -> None:
    origin = said_of(CANCELLED)
    letters: dict[str, tuple[bytes, Sequence[Header]]] = {
        "from nowhere": (b"{", []),
        "from another topic": (b"{", said_of(REQUESTED)),
        "from another partition": (b"{", [*origin[:2], ("dlq_partition", b"9" * 5_000)]),
        "a part": (b"{", [*origin, ("dlq_cut_from", b"20000000")]),
        "large": (b"a" * MAX_RECORD_BYTES, origin),
        "whole": (b"{", origin),
    }
    for mark, (value, said) in letters.items():
        await post.books.publish(raw(dead(CANCELLED), HANS, value, [*asking(mark), *said]))

    assert replay(keeper, "--all", "--topic", CANCELLED) == (
        f"replayed 1 of {dead(CANCELLED)}: 1 undecodable\n"
        "left out 3 without an origin\nleft out 1 without its end\n"
        "left out 1 too large for its topic\n"
    )
    sent = {mark: len(await post.marked(CANCELLED, mark)) for mark in letters}
    assert sent == dict.fromkeys(letters, 0) | {"whole": 1}


@pytest.mark.parametrize(
    ("mark", "said", "words"),
    [
        ("nowhere", [], "without an origin"),
        ("beginning", [("dlq_cut_from", b"20000000")], "without its end"),
    ],
)
async def test_what_cannot_be_sent_again_is_said_in_one_line(
    post: Post, keeper: Operator, mark: str, said: Sequence[Header], words: str
) -> None:
    headers = [*asking(mark), *said, *(said_of(OPENED) if said else [])]
    await post.books.publish(raw(dead(OPENED), HANS, b"{", headers))
    (letter,) = await post.until(1, dead(OPENED), mark)
    failed = keeper.calls("dlq", "replay", *place_of(letter))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == f"igny8: {' '.join(place_of(letter))} is {words}\n"


async def test_a_person_whose_token_has_expired_meanwhile_is_judged_by_when_it_was_first_sent(
    post: Post, keeper: Operator
) -> None:
    """Set aside a week ago, with a token that was good for an hour."""
    first_sent = int(time.time()) - WEEK_SECONDS
    private_key = private_key_of(Path(post.books.environment["ACTOR_PRIVATE_KEY_FILE"]))
    person = Actor(sub="user-1", role="editor", exp=first_sent + 3600, account_id=HANS)
    actor: Header = ("actor", sign(person, private_key))
    await post.books.tell(paid(1_000, HANS, 9_201))

    now = raw(REQUESTED, HANS, encode(requested(9_201, HANS)), [*asking("now"), actor])
    said = said_of(REQUESTED, first_sent * 1000)
    then = raw(
        dead(REQUESTED), HANS, encode(requested(9_202, HANS)), [*asking("then"), actor, *said]
    )
    await post.books.publish(now, then)
    replay(keeper, *place_of((await post.until(1, dead(REQUESTED), "then"))[0]))

    assert code_of(await answers(post, 1, "now")) == "forbidden"
    assert code_of(await answers(post, 1, "then")) == "ok"
    assert await balance(post.books, HANS) == (1_000, 60)


def said_of(topic: str, first_sent_milliseconds: int = 0) -> list[Header]:
    """What a worker writes beside a record of Hans's that it sets aside."""
    return [
        ("dlq_reason", b"undecodable"),
        ("dlq_topic", topic.encode()),
        ("dlq_partition", b"%d" % (lane_of(HANS) % PARTITIONS)),
        ("dlq_timestamp", b"%d" % first_sent_milliseconds),
    ]


def replay(keeper: Operator, *arguments: str) -> str:
    """Give what the command says when it has worked."""
    done = keeper.calls("dlq", "replay", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def assert_as_it_came(came: Sequence[Record]) -> None:
    """Each time the same, at the same place; sent again it says when that first was."""
    first, *again = came
    assert again
    for one in again:
        assert (one.key, one.value, one.partition) == (first.key, first.value, first.partition)
        first_sent = ("dlq_timestamp", b"%d" % first.timestamp)
        assert list(one.headers) == [*first.headers, first_sent]


async def answers(post: Post, number: int, mark: str) -> list[OperationReplied]:
    """As many as it was sent: the first one, and then the same again."""
    found = await post.until(number, ANSWERS, mark)
    replies = [msgspec.json.decode(one.value or b"", type=OperationReplied) for one in found]
    assert [reply.replayed for reply in replies] == [False, *[True] * (number - 1)]
    assert all((one.status, one.data) == (replies[0].status, replies[0].data) for one in replies)
    return replies


def code_of(replies: Sequence[OperationReplied]) -> str:
    error = replies[0].error
    return "ok" if error is None else error.code


async def balance(books: Stack, account: str) -> tuple[int, int]:
    """What there is, and what of it is held; the books are right about all else."""
    await books.applied()
    assert broken(await verify(books.environment, ["credits"], BUSY)) <= WRITTEN_BY_HAND
    connection = await asyncpg.connect(books.environment["CREDITS_DATABASE_URL"])
    there_is, held = await connection.fetchrow(BALANCE, account) or (0, 0)
    await connection.close()
    return there_is, held


@asynccontextmanager
async def refused_by_the_database(books: Stack, account: str) -> AsyncIterator[None]:
    """Have a constraint that somebody added by mistake while the block runs."""
    connection = await asyncpg.connect(books.environment["CREDITS_DATABASE_URL"])
    await connection.execute(
        f"ALTER TABLE reservations ADD CONSTRAINT mistake CHECK (account_id <> '{account}')"
    )
    try:
        yield
    finally:
        await connection.execute("ALTER TABLE reservations DROP CONSTRAINT mistake")
        await connection.close()
