"""How a poll of questions is answered, whatever the service: each kind for itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from shared import asking, postgres
from shared.asking import Desk, LookUp, Question
from shared.contracts.access import DEVELOPER, PUBLIC, Who
from shared.contracts.asking import MEMBER_OR_SERVICE, Params
from shared.contracts.credits import CreditsQuery
from shared.contracts.message import Part
from shared.contracts.types import JsonObject, Role
from shared.jobs import MAY_PASS
from shared.kafka import Letter
from shared.postgres import POOL_SIZE, Transaction
from shared.service import Service
from shared.settings import Settings
from tests.making import ANN, BOB, NOW_MILLISECONDS, letter
from tests.recorder import Recorder

PATIENCE_SECONDS = 5.0
A_MOMENT = 0.2
NOTHING_IN_USE = {"commands": 0, "questions": 0}


class Names(Part, frozen=True, kw_only=True):
    """Who asked, and about whom."""

    about: str
    asked_together: int


class AskNames(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "names"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = Names


class AskSlowly(AskNames, frozen=True, kw_only=True):
    query: ClassVar[str] = "slow"


class AskNonsense(AskNames, frozen=True, kw_only=True):
    query: ClassVar[str] = "nonsense"


class AskLost(AskNames, frozen=True, kw_only=True):
    query: ClassVar[str] = "lost"


class AskOpenly(AskNames, frozen=True, kw_only=True):
    query: ClassVar[str] = "open"
    who: ClassVar[Who] = PUBLIC


class AskSecrets(AskNames, frozen=True, kw_only=True):
    query: ClassVar[str] = "secret"
    who: ClassVar[Who] = DEVELOPER


@dataclass(frozen=True, slots=True)
class Books:
    """Nothing but a transaction and its moment."""

    tx: Transaction
    now: datetime


async def open_books(tx: Transaction) -> Books:
    return Books(tx, await postgres.read_clock(tx))


async def names(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
    abouts = [question.account_id or "all" for question in questions]
    rows = await books.tx.fetch("SELECT * FROM unnest($1::text[])", abouts)
    return [Names(about=row[0], asked_together=len(questions)) for row in rows]


async def openly(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
    return await names(books, questions)


async def slowly(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
    await books.tx.execute("SET LOCAL statement_timeout = 20")
    await books.tx.execute("SELECT pg_sleep(5)")
    return await names(books, questions)


async def nonsense(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
    await books.tx.execute("SELECT 'seven'::int")
    return await names(books, questions)


async def lost(books: Books, _: Sequence[Question[Any]]) -> list[Names]:
    await books.tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    raise AssertionError("the session has ended")


ABOUT_ONE: Mapping[type[Params], LookUp[Books]] = {
    AskNames: names,
    AskSlowly: slowly,
    AskNonsense: nonsense,
    AskOpenly: openly,
    AskSecrets: names,
}
DESK = Desk("library", open_books, ABOUT_ONE, {AskOpenly: openly, AskSecrets: names})


@pytest.fixture
async def service(environment: dict[str, str]) -> AsyncIterator[Service]:
    settings = Settings(
        kafka_bootstrap_servers="nowhere:0",
        credits_database_url=environment["CREDITS_DATABASE_URL"],
    )
    service = Service("library", settings)
    service.speak_through(Recorder())
    async with postgres.connected(settings.credits_database_url, "library") as service.database:
        yield service


def asked(
    query: str,
    account: str | None = ANN,
    role: Role | None = None,
    headers: Mapping[str, bytes] = MappingProxyType({}),
) -> Letter:
    """A question; the correlation id tells which it was."""
    name = f"{query} {account} {role}".encode()
    question = CreditsQuery(query=query, account_id=account)
    one = letter(question, {"correlation_id": name, **headers})
    one.role = role
    return one


async def answers(service: Service, *letters: Letter, desk: Desk[Books] = DESK) -> list[JsonObject]:
    await asking.answer_all(service, desk, letters)
    await service.courier.settled()
    assert isinstance(service.publisher, Recorder)
    replies = {one.header("correlation_id"): one.said for one in service.publisher.sent}
    assert len(service.publisher.sent) == len(letters)
    return [replies[one.headers["correlation_id"]] for one in letters]


async def test_questions_of_a_kind_are_looked_up_together(service: Service) -> None:
    replies = await answers(service, asked("names"), asked("open"), asked("names", BOB))

    assert [reply["data"] for reply in replies] == [
        {"about": ANN, "asked_together": 2},
        {"about": ANN, "asked_together": 1},
        {"about": BOB, "asked_together": 2},
    ]


def held_until(go: asyncio.Event) -> tuple[Desk[Books], list[Letter]]:
    """As many kinds as there are sessions, each of which waits; and a question of each."""

    async def held(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
        await go.wait()
        return await names(books, questions)

    kinds = (AskNames, AskSlowly, AskNonsense, AskOpenly)
    assert len(kinds) == POOL_SIZE
    about_one: Mapping[type[Params], LookUp[Books]] = {kind: partial(held) for kind in kinds}
    return Desk("library", open_books, about_one, {}), [asked(kind.query) for kind in kinds]


async def test_kinds_are_looked_up_side_by_side_and_a_session_is_left(service: Service) -> None:
    desk, letters = held_until(go := asyncio.Event())
    async with asyncio.timeout(PATIENCE_SECONDS):
        answering = asyncio.create_task(asking.answer_all(service, desk, letters))
        while service.database.in_use()["questions"] < asking.KINDS_AT_ONCE:
            await asyncio.sleep(0)
        await asyncio.sleep(A_MOMENT)
        async with service.database.reading().acquire(timeout=A_MOMENT):
            go.set()
        await answering
        await service.courier.settled()

    assert isinstance(service.publisher, Recorder)
    assert [one.said["status"] for one in service.publisher.sent] == ["ok"] * len(letters)


async def test_whoever_stops_leaves_no_session_in_use(service: Service) -> None:
    desk, letters = held_until(asyncio.Event())
    answering = asyncio.create_task(asking.answer_all(service, desk, letters))
    await asyncio.sleep(A_MOMENT)

    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering

    assert service.database.in_use() == NOTHING_IN_USE


async def test_a_poll_of_which_a_kind_lost_its_session_is_tried_again_as_a_whole(
    service: Service,
) -> None:
    async def late(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
        await asyncio.sleep(A_MOMENT)
        return await names(books, questions)

    desk = Desk("library", open_books, {AskLost: lost, AskNames: late}, {})
    with pytest.raises(MAY_PASS):
        await asking.answer_all(service, desk, [asked("lost"), asked("names")])

    assert isinstance(service.publisher, Recorder)
    assert not service.publisher.sent
    # Nobody is left behind who looks up in vain.
    assert service.database.in_use() == NOTHING_IN_USE


async def test_what_was_read_in_time_is_answered_however_late_a_neighbour_is_looked_up(
    service: Service,
) -> None:
    read_at = datetime.fromtimestamp(NOW_MILLISECONDS / 1000, UTC)
    moments = iter([read_at, read_at + timedelta(minutes=1)])

    async def opened_late(tx: Transaction) -> Books:
        return Books(tx, next(moments))

    desk = Desk("library", opened_late, ABOUT_ONE, {})
    in_time = {"ttl_ms": b"1000"}
    replies = await answers(
        service, asked("names", headers=in_time), asked("open", headers=in_time), desk=desk
    )

    assert [reply["status"] for reply in replies] == ["ok", "ok"]


@pytest.mark.parametrize("query", ["slow", "nonsense"])
async def test_what_cannot_be_looked_up_is_unavailable_and_nothing_else_is(
    service: Service, query: str
) -> None:
    first, failing, last = await answers(service, asked("names"), asked(query), asked("open"))

    assert first["status"] == last["status"] == "ok"
    assert (failing["error"]["code"], failing["error"]["retryable"]) == ("unavailable", True)


async def test_an_account_is_left_out_by_developers_and_where_anybody_may(
    service: Service,
) -> None:
    developer, openly, service_alone = await answers(
        service,
        asked("secret", None, "developer"),
        asked("open", None),
        asked("names", None),
    )

    assert developer["data"]["about"] == openly["data"]["about"] == "all"
    assert service_alone["error"]["fields"] == [{"path": "account_id", "reason": "Missing"}]


@pytest.mark.parametrize("role", [None, "owner", "viewer"])
async def test_what_is_a_developers_to_ask_nobody_else_does(
    service: Service, role: Role | None
) -> None:
    (reply,) = await answers(service, asked("secret", ANN, role))

    assert reply["error"]["code"] == "forbidden"
    assert reply["error"]["roles"] == ["developer"]
