"""Rows forget nothing: told poll by poll, credits says what its rules say with a memory.

Every poll goes to another worker than the one before, and each story is told to the rules as well,
in one book that is never written down. A column that is not kept, or kept by one worker alone,
makes the two say different things.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import msgspec
import pytest

from services.credits.domain import Unpriced
from services.credits.partitions import make_partitions
from shared.contracts.credits import Estimate, OperationReplied
from shared.contracts.message import Message, encode
from shared.contracts.services import CREDITS
from tests import making
from tests.credits.handlers.worker import Worker, working
from tests.credits.rules.desk import Desk
from tests.credits.rules.heard import seen
from tests.credits.rules.seen import Answer, Seen
from tests.databases import own_database
from tests.making import record

SWEEP = None  # In a story: nobody says anything, but time has passed.
Step: TypeAlias = tuple[float, Message | None]  # How many days after the beginning, and what.
CONTRACTS = {message.topic: message for message in CREDITS.announced}
DAY_SECONDS = 86_400
LEAST_HEARD = 8  # Of a story: less would mean that this test looks at nothing.
ANOTHER_MONTH = 40
SINCE = "2026-01-10T08:00:00Z"


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "memory") as url:
        yield url


@dataclass
class Workers:
    """Two at every moment, which take turns."""

    url: str
    stack: AsyncExitStack
    known: dict[tuple[int, float], Worker] = field(default_factory=dict)

    async def at(self, turn: int, day: float) -> Worker:
        key = turn % 2, day
        if key not in self.known:
            working_then = working(self.url, clock_offset=day * DAY_SECONDS)
            self.known[key] = await self.stack.enter_async_context(working_then)
            await make_partitions(self.known[key].service)
        return self.known[key]


@pytest.fixture
async def workers(url: str) -> AsyncIterator[Workers]:
    async with AsyncExitStack() as stack:
        yield Workers(url, stack)


def refusals(account: str) -> list[Step]:
    """What was refused stays so, and is charged all the same when it is done."""
    return [
        (0, making.paid(500, account)),
        (0, making.now_is("suspended", account, version=2, reason="Unpaid", since=SINCE)),
        (0, making.requested(1, account)),
        (0, making.now_is("active", account, version=1)),
        (0, making.requested(2, account)),
        (0, making.now_is("active", account, version=3)),
        (0, making.requested(2, account)),
        (0, making.requested(3, account, operation_type="telepathy")),
        (0, making.completed(3, account)),
        (0, making.requested(3, account, operation_type="telepathy")),
        (0, making.completed(3, account)),
        (0, making.requested(4, account, model="gpt-4o-mini", hold_ttl_s=60)),
        (1, SWEEP),
        (1, making.completed(4, account, model_used=None)),
        (1, making.completed(4, account)),
    ]


def first_answers(account: str) -> list[Step]:
    """A first answer is given for ever: to who asked too late, and to who was told otherwise."""
    late = making.requested(1, account, estimate=Estimate(words=1530), hold_ttl_s=60)
    return [
        (0, making.paid(500, account)),
        (0, making.completed(1, account)),
        (0, late),
        (0, making.paid(70, account, invoice=2)),
        (1, late),
        (1, making.extension(1, 3600, account)),
        (1, making.failed(2, account)),
        (1, making.requested(2, account)),
        (1, making.requested(2, account)),
        (1, making.requested(3, account)),
        (1, making.extension(3, 1800, account)),
        (1, making.extension(3, 1800, account)),
        (1, making.completed(3, account)),
        (1, making.requested(3, account)),
        (1, making.extension(3, 1800, account)),
        (1, making.cancelled(3, account)),
        (1, making.paid(70, account, invoice=2)),
        (1, making.failed(4, account)),
        (1, making.completed(4, account)),
        (1, making.requested(4, account)),
    ]


def plans(account: str) -> list[Step]:
    """What invoicing says counts for every worker at once, and an older word for none."""
    return [
        (0, making.on_plan("starter", account, version=1)),
        (0, making.on_plan("silver", account, version=3)),
        (0, making.on_plan("growth", account, version=2)),
        (0, making.plan_is("silver", 700, version=5, renewal_policy="top_up")),
        (0, making.paid(100, account)),
        (0, making.plan_is("silver", 300, version=4, renewal_policy="accumulate")),
        (0, making.paid(200, account, invoice=2, code="silver")),
        (0, making.package_is("silver", 51, version=5)),
        (0, making.package_is("silver", 52, version=4)),
        (0, making.images_requested(1, account, premium=16)),
        (0, making.plan_is("silver", 900, version=6)),
        (0, making.paid(250, account, invoice=3, code="silver")),
    ]


def shortfalls(account: str) -> list[Step]:
    """The third within a day is told from a first one, and a month from the one before."""
    return [
        (0, making.paid(48, account)),
        (0, making.completed(1, account)),
        (0, making.completed(2, account)),
        (0.4, making.completed(3, account)),
        (0.8, making.completed(4, account)),
        (2, making.completed(5, account)),
        (ANOTHER_MONTH, making.paid(100, account, invoice=2)),
        (ANOTHER_MONTH, making.completed(6, account)),
        (ANOTHER_MONTH, making.completed(7, account)),
    ]


@pytest.mark.parametrize("story", [refusals, first_answers, plans, shortfalls])
async def test_what_is_kept_in_rows_is_all_that_the_rules_remember(
    workers: Workers, story: Callable[[str], Sequence[Step]]
) -> None:
    account, began = str(uuid4()), datetime.now(UTC)
    desk, heard_in_all = Desk(began), 0
    for turn, (day, message) in enumerate(story(account)):
        desk.end_batch(began + timedelta(days=day) - desk.book.now)
        worker = await workers.at(turn, day)
        expected = desk.tell(*(desk.due() if message is None else [message]))
        expected += desk.end_batch()
        heard = await told(worker, message, account)
        assert in_short(heard) == in_short(expected), f"{turn}: {message}"
        heard_in_all += len(heard)
    assert heard_in_all >= LEAST_HEARD


async def test_a_first_answer_is_given_again_to_the_millisecond(workers: Workers) -> None:
    account = str(uuid4())
    asked_late, extended = making.requested(1, account), making.requested(2, account)
    polls: list[Step] = [
        (0, making.paid(500, account)),
        (0, making.failed(1, account)),
        (0, extended),
        (0.1, making.extension(2, 3600, account)),
        (1, making.completed(1, account)),
        (1, making.completed(2, account)),
        (2, asked_late),
        (3, asked_late),
        (3, extended),
    ]
    replies = list[OperationReplied]()
    for turn, (day, message) in enumerate(polls):
        heard = await told(await workers.at(turn, day), message, account)
        replies += [said for said in heard if isinstance(said, OperationReplied)]

    held, charged, *again = [reply.data for reply in replies]
    assert again == [charged, held]
    assert charged is not None
    assert charged.state == "committed_late"


async def told(worker: Worker, message: Message | None, account: str) -> list[Message]:
    """What an account hears of one poll, or of the sweep."""
    before = len(worker.recorder.sent)
    await (worker.sweep() if message is None else worker.obey([record(message)]))
    return [
        msgspec.json.decode(one.value or b"", type=CONTRACTS[one.topic])
        for one in worker.recorder.sent[before:]
        if one.key == account.encode()
    ]


def in_short(said: Iterable[Message | Unpriced]) -> list[tuple[str, bytes]]:
    """In any order, without the times, which no two tellings share; errors in full."""
    return sorted(
        (repr(timeless(short)), encode(getattr(one, "error", None)))
        for one in said
        for short in seen([one])
    )


def timeless(short: Seen) -> Seen:
    return short._replace(until=None) if isinstance(short, Answer) else short
