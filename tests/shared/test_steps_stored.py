"""Commands of more than one step over real rows: a poll that asks, a poll that answers, a sweep."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from shared import steps
from shared.kafka import Letter
from shared.lanes import lane_of
from tests.databases import empty_database
from tests.making import PARTITIONS, letter, uuid
from tests.recorder import Sent
from tests.shared.parcels import (
    SECONDS,
    ScalesAsked,
    ScalesSaid,
    WeighReplied,
    WeighRequested,
    weigh,
)
from tests.shared.weighing import Weighing

TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with empty_database(home, environment, "credits", "steps") as url:
        yield url


@pytest.fixture
async def weighing(url: str) -> AsyncIterator[Weighing]:
    metadata = MetaData()
    steps.describe_step_tables(metadata)
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    async with asyncpg.create_pool(url, min_size=1, max_size=4, init=listen) as pool:
        yield Weighing(pool)


STATEMENTS: list[str] = []


async def listen(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    connection.add_query_logger(lambda one: STATEMENTS.append(one.query))


@pytest.fixture
def account() -> str:
    """One that no other test knows."""
    return str(uuid4())


def asking(number: int, account: str, name: bytes, **more: bytes) -> Letter:
    return letter(weigh(number, account), {"correlation_id": name} | more)


def answering(asked: Sequence[Sent], weight: int | None) -> list[Letter]:
    """What the scales say to everything that they were asked."""
    return [
        letter(
            ScalesSaid(account_id=one.said["account_id"], ticket=one.said["ticket"], grams=weight)
        )
        for one in asked
        if one.topic == ScalesAsked.topic
    ]


async def test_the_reply_comes_with_a_later_poll_as_if_it_answered_the_command(
    weighing: Weighing, account: str
) -> None:
    elsewhere = (lane_of(account) + 1) % PARTITIONS
    first = asking(
        1,
        account,
        b"first",
        reply_to=b"replies.web",
        reply_partition=b"%d" % elsewhere,
        ce_id=b"a click",
        traceparent=TRACE,
    )

    asked = await weighing.obeys(first)
    replied = await weighing.obeys(*answering(asked, 700))

    assert [one.topic for one in asked] == [ScalesAsked.topic]
    (reply,) = replied
    assert (reply.topic, reply.partition, reply.key) == ("replies.web", elsewhere, account.encode())
    assert reply.header("ce_type") == WeighReplied.topic.encode()
    assert reply.header("ce_subject") == uuid(1).encode()
    assert reply.header("correlation_id") == b"first"
    assert reply.header("causation_id") == b"a click"
    assert reply.header("traceparent") == TRACE
    assert reply.said == {
        "account_id": account,
        "topic": WeighRequested.topic,
        "id": uuid(1),
        "status": "ok",
        "data": {"grams": 700},
    }


async def test_without_an_address_the_reply_goes_to_the_accounts_partition(
    weighing: Weighing, account: str
) -> None:
    (reply,) = await weighing.obeys(
        *answering(await weighing.obeys(letter(weigh(1, account))), 700)
    )

    assert (reply.topic, reply.partition) == (WeighReplied.topic, lane_of(account) % PARTITIONS)
    assert reply.header("correlation_id") == uuid(1).encode()


async def test_everybody_who_asked_in_any_poll_is_answered(
    weighing: Weighing, account: str
) -> None:
    asked = await weighing.obeys(asking(1, account, b"a"), asking(1, account, b"b"))
    assert await weighing.obeys(asking(1, account, b"c"), asking(1, account, b"a")) == []

    replies = await weighing.obeys(*answering(asked, 700))
    again = await weighing.obeys(asking(1, account, b"d"), *answering(asked, 5))

    assert [one.header("correlation_id") for one in replies] == [b"a", b"b", b"c"]
    assert len({one.header("ce_id") for one in replies}) == 3
    (reply,) = again
    assert (reply.said["data"], reply.said["replayed"]) == ({"grams": 700}, True)


async def test_a_poll_that_is_read_again_changes_nothing(weighing: Weighing, account: str) -> None:
    poll = [asking(1, account, b"a"), asking(2, account, b"b")]
    asked = await weighing.obeys(*poll)
    before = await rows_of(weighing, account)

    assert await weighing.obeys(*poll) == []
    assert await rows_of(weighing, account) == before
    assert len(await weighing.obeys(*answering(asked, 1))) == 2


async def rows_of(weighing: Weighing, account: str) -> list[asyncpg.Record]:
    found = await weighing.pool.fetch(
        "SELECT * FROM requests WHERE account_id = $1 ORDER BY natural_key", account
    )
    return list(found)


async def test_what_takes_too_long_is_given_up_by_the_worker_that_has_the_account(
    weighing: Weighing, account: str
) -> None:
    home = lane_of(account) % PARTITIONS
    asked = await weighing.obeys(asking(1, account, b"a"), asking(1, account, b"b"))
    others = [number for number in range(PARTITIONS) if number != home]
    assert await weighing.sweeps(home) == []

    weighing.clock_offset = SECONDS
    assert await weighing.sweeps(*others) == []
    replies = await weighing.sweeps(home)

    assert [one.said["error"]["code"] for one in replies] == ["unavailable"] * 2
    assert await weighing.sweeps(home) == []
    assert await weighing.obeys(*answering(asked, 700)) == []
    (row,) = await rows_of(weighing, account)
    assert (row["state"], row["outcome"], row["waiting"]) == ("abandoned", None, 0)


async def test_after_it_was_given_up_a_repeat_starts_the_next_attempt(
    weighing: Weighing, account: str
) -> None:
    first = await weighing.obeys(asking(1, account, b"a"))
    weighing.clock_offset = SECONDS
    await weighing.sweeps(*range(PARTITIONS))

    second = await weighing.obeys(asking(1, account, b"b"))
    late = await weighing.obeys(*answering(first, 1))
    replies = await weighing.obeys(*answering(second, 2))

    assert first[0].said["ticket"] != second[0].said["ticket"]
    assert late == []
    assert [(one.header("correlation_id"), one.said["data"]) for one in replies] == [
        (b"b", {"grams": 2})
    ]
    (row,) = await rows_of(weighing, account)
    assert (row["attempt"], row["state"]) == (2, "answered")


async def test_a_step_that_failed_leaves_the_id_free(weighing: Weighing, account: str) -> None:
    asked = await weighing.obeys(asking(1, account, b"a"))
    (failure,) = await weighing.obeys(*answering(asked, None))
    retried = await weighing.obeys(asking(1, account, b"b"))

    assert failure.said["error"]["code"] == "provider.failed"
    assert [one.topic for one in retried] == [ScalesAsked.topic]


async def test_the_same_id_of_another_account_is_another_command(weighing: Weighing) -> None:
    accounts = [str(uuid4()) for _ in range(3)]
    asked = await weighing.obeys(*[asking(1, one, b"x") for one in accounts])

    replies = await weighing.obeys(*answering(asked[:2], 700))

    assert {one.key for one in replies} == {one.key for one in asked[:2]}


async def test_a_word_that_postgresql_has_no_text_for_comes_back_as_it_was(
    weighing: Weighing, account: str
) -> None:
    odd = "\0 \U0001f600 \"'\\".encode()
    asked = await weighing.obeys(asking(1, account, odd))

    (reply,) = await weighing.obeys(*answering(asked, 700))

    assert reply.header("correlation_id") == odd


async def test_an_answer_and_the_sweep_at_once_tell_everybody_one_thing(
    weighing: Weighing, account: str
) -> None:
    """Whoever locks a row first decides; the other finds nobody waiting."""
    names = [b"%d" % number for number in range(40)]
    asked = await weighing.obeys(*[asking(int(name), account, name) for name in names])
    weighing.clock_offset = SECONDS
    before = len(weighing.recorder.sent)
    said = answering(asked, 700)

    sweep = weighing.sweeps(*range(PARTITIONS))
    await asyncio.gather(*[weighing.obeys(one) for one in said[::2]], sweep)

    told = weighing.recorder.sent[before:]
    assert sorted(str(one.header("correlation_id")) for one in told) == sorted(map(str, names))
    states = {row["state"] for row in await rows_of(weighing, account)}
    assert states <= {"answered", "abandoned"}


@pytest.mark.parametrize("count", [1, 200])
async def test_a_poll_costs_one_statement_to_load_and_one_to_save(
    weighing: Weighing, account: str, count: int
) -> None:
    polls = [asking(number, account, b"x") for number in range(count)]
    asked = await weighing.obeys(*polls)
    STATEMENTS.clear()
    replies = await weighing.obeys(*polls, *answering(asked, 1))

    assert len(replies) == count
    about_requests = [statement for statement in STATEMENTS if "requests" in statement]
    assert len(about_requests) == 2


@pytest.mark.parametrize(
    "broken", ["waiting = 9", "waiting = 0", "outcome = ''", "state = 'answered'", "attempt = 0"]
)
async def test_the_table_refuses_what_the_rules_never_do(
    weighing: Weighing, account: str, broken: str
) -> None:
    await weighing.obeys(asking(1, account, b"a"))

    with pytest.raises(asyncpg.CheckViolationError):
        await weighing.pool.execute(
            f"UPDATE requests SET {broken} WHERE account_id = $1",
            account,
        )
