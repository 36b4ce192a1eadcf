"""How every service answers questions: a poll's kinds side by side, fixed statements a kind.

Each kind has a read-only snapshot of its own: on a busy machine most of a look-up is waiting for
PostgreSQL's turn, and a few kinds wait for it together. Nothing is written, so nothing has to be
remembered: replies travel to Kafka while the next poll is looked up, and a poll whose replies have
not arrived is answered again after a crash. What cannot be looked up in time is `unavailable`,
alone.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import asyncpg
import structlog

from shared import metrics
from shared.contracts.asking import Params, Query, parameters
from shared.contracts.errors import Error, Problem, forbidden, invalid, unavailable
from shared.contracts.message import Message, Part, Reply
from shared.contracts.types import Role
from shared.envelope import Postmark
from shared.jobs import side_by_side
from shared.kafka import Letter
from shared.postgres import POOL_SIZE, REFUSES_THE_DATA, Transaction, read_clock, snapshot
from shared.publisher import packed
from shared.service import Service
from shared.telling import Told, tell

DEVELOPER = "developer"
WITHOUT_USD = ("viewer", "editor", "system_bot")  # `payloads.md` 9
NOT_LOOKED_UP = "This could not be looked up just now."

# A kind that waits for its turn may wait for long, one that waits for a session may not; the last
# session is an export's.
KINDS_AT_ONCE = POOL_SIZE - 1
# A statement that takes too long, a value that PostgreSQL cannot compare: its neighbours still can.
FAILS_ALONE = (asyncpg.QueryCanceledError, *REFUSES_THE_DATA)

Asked = TypeVar("Asked", bound=Params)
Answer: TypeAlias = Part | Error

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question(Generic[Asked]):
    """What is asked about which account, and who will see the answer."""

    account_id: str | None  # None: about all of them, or about none.
    params: Asked
    role: Role | None = None  # None: a service asks.
    user_id: str | None = None

    @property
    def account(self) -> str:
        """Of a question about one account."""
        assert self.account_id is not None, "a question about all accounts is looked up elsewhere"
        return self.account_id

    @property
    def sees_usd(self) -> bool:
        return self.role not in WITHOUT_USD

    def sees_user(self, user_id: str | None) -> bool:
        """Whoever sees no USD sees of all members himself alone."""
        return self.sees_usd or user_id == self.user_id


class AsOf(Protocol):
    """What a look-up reads: everything as of one moment."""

    @property
    def now(self) -> datetime: ...


Books = TypeVar("Books", bound=AsOf)
Take: TypeAlias = Callable[[Letter, Question[Any]], bool]
Asking: TypeAlias = "Question[Any] | Error | None"  # None: it is no question.
Found: TypeAlias = Sequence[Answer]
LookUp: TypeAlias = Callable[[Books, Sequence[Question[Any]]], Awaitable[Found]]
Kinds: TypeAlias = Mapping[type[Params], LookUp[Books]]


@dataclass(frozen=True, slots=True)
class Desk(Generic[Books]):
    """What a service answers: a look-up for each kind of question, and how its books are opened."""

    name: str
    open: Callable[[Transaction], Awaitable[Books]]
    about_one: Kinds[Books]
    about_all: Kinds[Books]  # Where the account is left out: a developer's, or a public question.
    # What takes long is answered by somebody else, who says whether he takes it.
    at_length: dict[type[Params], Take] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The consumer group that reads the questions."""
        return f"{self.name}.queries"

    @property
    def questions(self) -> Mapping[str, type[Params]]:
        return {kind.query: kind for kind in (*self.about_one, *self.about_all)}

    def look_up_for(self, question: Question[Any]) -> LookUp[Books]:
        kinds = self.about_all if question.account_id is None else self.about_one
        return kinds[type(question.params)]

    def answers_without_account(self, question: Question[Any]) -> bool:
        kind = type(question.params)
        return kind in self.about_all and (question.role == DEVELOPER or not kind.who.needs_account)


class Looked(NamedTuple):
    """When a poll was looked up: whoever was read before the first moment was read in time."""

    first: datetime
    last: datetime


async def answer_all(service: Service, desk: Desk[Books], letters: Sequence[Letter]) -> None:
    """Answer a poll; what is the same kind of question is looked up together."""
    every = [(letter, admitted(desk, letter)) for letter in letters]
    here = [(letter, asked) for letter, asked in every if not is_taken(desk, letter, asked)]
    looked, answers = await look_up_all(service, desk, [question for _, question in here])
    await send(service, desk, zip((letter for letter, _ in here), answers, strict=True), looked)


async def answer_later(
    service: Service, desk: Desk[Books], letter: Letter, answer: Answer, now: datetime
) -> None:
    """Answer what was taken out of its poll."""
    await send(service, desk, [(letter, answer)], Looked(now, now))


async def send(
    service: Service,
    desk: Desk[Books],
    answered: Iterable[tuple[Letter, Answer | None]],
    looked: Looked,
) -> None:
    """Reply to each letter, in order."""
    settings = service.settings
    postmark = Postmark(desk.name, looked.last, settings.kafka_partitions)
    told = Told(postmark, settings.clock_offset)
    for letter, answer in answered:
        became = tell(told, letter, looked.first, partial(replies, answer))
        metrics.MESSAGES.labels(desk.group, became).inc()
    await service.courier.send(packed(told.records))  # An answer too large for Kafka is none.


def is_taken(desk: Desk[Books], letter: Letter, asked: Asking) -> bool:
    """Whether somebody else answers it, later."""
    if not isinstance(asked, Question):
        return False
    take = desk.at_length.get(type(asked.params))
    return take is not None and take(letter, asked)


def admitted(desk: Desk[Books], letter: Letter) -> Asking:
    """Who asks comes before what is asked; None where a letter is no question."""
    query = letter.content
    if not isinstance(query, Query):
        return None
    kind = desk.questions.get(query.query)
    if kind is not None and not may_ask(kind, letter.role):
        return forbidden(kind.who.roles)
    params = parameters(desk.questions, query.query, query.params)
    if not isinstance(params, Params):
        return invalid(params)
    question = Question(query.account_id, params, letter.role, letter.user_id)
    if query.account_id is None and not desk.answers_without_account(question):
        return invalid([Problem(path="account_id", reason="Missing")])
    return question


def may_ask(kind: type[Params], role: str | None) -> bool:
    return kind.who.is_service if role is None else role in kind.who.roles


async def look_up_all(
    service: Service, desk: Desk[Books], asked: Sequence[Asking]
) -> tuple[Looked, Sequence[Answer | None]]:
    """When it was looked up, and an answer to each question; what is none stays as it is."""
    answers: list[Answer | None] = [None if isinstance(x, Question) else x for x in asked]
    kinds = kinds_of(desk, asked)
    work = [
        partial(look_up_kind, service, desk, look_up, list(questions.values()))
        for look_up, questions in kinds.items()
    ]
    looked = await side_by_side(work, KINDS_AT_ONCE)
    for questions, (_, found) in zip(kinds.values(), looked, strict=True):
        for place, answer in zip(questions, found, strict=True):
            answers[place] = answer
    moments = [now for now, _ in looked] or [await read_now(service)]
    return Looked(min(moments), max(moments)), answers


def kinds_of(
    desk: Desk[Books], asked: Sequence[Asking]
) -> dict[LookUp[Books], dict[int, Question[Any]]]:
    """Questions that are looked up together, each under its place."""
    kinds: dict[LookUp[Books], dict[int, Question[Any]]] = {}
    for place, question in enumerate(asked):
        if isinstance(question, Question):
            kinds.setdefault(desk.look_up_for(question), {})[place] = question
    return kinds


async def look_up_kind(
    service: Service, desk: Desk[Books], look_up: LookUp[Books], questions: Sequence[Question[Any]]
) -> tuple[datetime, Found]:
    """One kind in a snapshot of its own: where it fails, the others are answered all the same."""
    try:
        async with snapshot(service.database.reading()) as tx:
            books = await desk.open(tx)
            return books.now, await look_up(books, questions)
    except FAILS_ALONE as error:
        kind = type(questions[0].params).query
        log.warning("not looked up", query=kind, questions=len(questions), error=repr(error))
        return await read_now(service), [unavailable(NOT_LOOKED_UP)] * len(questions)


async def read_now(service: Service) -> datetime:
    return await read_clock(service.database.reading(), service.settings.clock_offset)


def replies(answer: Answer | None, asked: Message) -> list[Reply]:
    """The one reply to a question."""
    assert isinstance(asked, Query), "a queries' group reads nothing else"
    error = answer if isinstance(answer, Error) else None
    reply = asked.answer(
        account_id=asked.account_id,
        command=asked.topic,
        id=asked.subject,
        status="ok" if error is None else "error",
        data=None if error else answer,
        error=error,
    )
    return [reply]
