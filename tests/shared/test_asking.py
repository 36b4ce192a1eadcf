"""How a poll of questions is answered, whatever the service: each kind for itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from shared.postgres import Transaction
from shared.service import Service
from shared.settings import Settings
from tests.making import ANN, BOB, letter
from tests.recorder import Recorder

PATIENCE_SECONDS = 5.0
meeting = asyncio.Event()


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


class AskWaiting(AskNames, frozen=True, kw_only=True):
    """Answered once somebody looks up another kind."""

    query: ClassVar[str] = "waiting"


class AskAwaited(AskNames, frozen=True, kw_only=True):
    query: ClassVar[str] = "awaited"


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


async def waiting(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await meeting.wait()
    return await names(books, questions)


async def awaited(books: Books, questions: Sequence[Question[Any]]) -> list[Names]:
    meeting.set()
    return await names(books, questions)


async def lost(books: Books, _: Sequence[Question[Any]]) -> list[Names]:
    await books.tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    raise AssertionError("the session has ended")


ABOUT_ONE: Mapping[type[Params], LookUp[Books]] = {
    AskNames: names,
    AskSlowly: slowly,
    AskNonsense: nonsense,
    AskWaiting: waiting,
    AskAwaited: awaited,
    AskLost: lost,
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


def asked(query: str, account: str | None = ANN, role: Role | None = None) -> Letter:
    """A question; the correlation id tells which it was."""
    name = f"{query} {account} {role}".encode()
    one = letter(CreditsQuery(query=query, account_id=account), {"correlation_id": name})
    one.role = role
    return one


async def answers(service: Service, *letters: Letter) -> list[JsonObject]:
    await asking.answer_all(service, DESK, letters)
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


async def test_no_kind_waits_for_another(service: Service) -> None:
    replies = await answers(service, asked("waiting"), asked("awaited"))

    assert [reply["status"] for reply in replies] == ["ok", "ok"]


async def test_a_poll_of_which_a_kind_lost_its_session_is_tried_again_as_a_whole(
    service: Service,
) -> None:
    with pytest.raises(MAY_PASS):
        await asking.answer_all(service, DESK, [asked("lost"), asked("slow")])

    assert isinstance(service.publisher, Recorder)
    assert not service.publisher.sent
    assert service.database.in_use() == 0  # Nobody is left behind who looks up in vain.


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
