"""Who may say and ask what: a topic or a question, by everybody, with good tokens and bad ones.

Each service writes the page down once more, in the tests that use this: whoever adds a topic or a
question says there who may use it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import NamedTuple, TypeAlias

import asyncpg
import msgspec
from msgspec import inspect

from shared.contracts.asking import Params, Query
from shared.contracts.message import Message, Request
from shared.contracts.types import Json, JsonObject
from shared.kafka import Letter, Reader, Record
from shared.lanes import lane_of
from tests.askers import WITHOUT_USD, Asker, dollars_in, everybody
from tests.contracts.filled import filled, value_of
from tests.making import PARTITIONS, raw_record, record
from tests.recorder import Sent

Tells: TypeAlias = Callable[..., Awaitable[list[Sent]]]  # One poll of records; what follows.
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

TABLES = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_name = 'account_id'
"""
CONTENT = """
    SELECT count(*) || ' ' || md5(string_agg(own::text, ',' ORDER BY own::text))
    FROM {} AS own WHERE account_id = $1
"""


class Subject(NamedTuple):
    """What is told, by whomever: a message about an account."""

    message: type[Message]
    account: str
    value: bytes

    @property
    def is_answered(self) -> bool:
        return issubclass(self.message, Request)

    def told_by(self, asker: Asker) -> Record:
        headers = [*asker.headers, ("correlation_id", asker.name.encode())]
        place = lane_of(self.account) % PARTITIONS
        key = self.account.encode()
        return raw_record(self.message.topic, self.value, key, headers, partition=place)


def subject_of(
    message: type[Message], account: str, said: JsonObject, without: Collection[str] = ()
) -> Subject:
    """A message with all of its fields, as far as they go together; those at the top may be said.

    What is said of fields that it has not is ignored.
    """
    value = msgspec.json.decode(filled(message, {}, said | {"account_id": account}))
    kept = {name: one for name, one in value.items() if name not in without}
    return Subject(message, account, msgspec.json.encode(kept))


async def written_about(pool: Pool, account: str) -> dict[str, Json]:
    """How much each table holds about an account, what it holds, and how old the prices are."""
    tables = [row[0] for row in await pool.fetch(TABLES)]
    content = {name: await pool.fetchval(CONTENT.format(name), account) for name in tables}
    prices = await pool.fetchval("SELECT version FROM catalogue_version")
    return {name: rows for name, rows in content.items() if rows} | {"prices": prices}


async def assert_forbidden_to_all_others(
    pool: Pool, tells: Tells, subject: Subject, who: str
) -> None:
    """They write nothing and burn no id: whoever may is obeyed as if nobody had tried before."""
    askers = everybody(subject.account)
    strangers = [asker for asker in askers if not asker.is_one_of(who)]
    friend = next(asker for asker in askers if asker.is_one_of(who))
    before = await written_about(pool, subject.account)

    said = await tells(*(subject.told_by(asker) for asker in strangers))

    assert len(said) == len(strangers)
    for sent in said:
        assert became(sent) == ("forbidden" if subject.is_answered else "dead letter")
    assert await written_about(pool, subject.account) == before
    answer = answers(await tells(subject.told_by(friend)))
    assert [one for one in answer if one.get("replayed")] == []
    assert "conflict" not in [code_of(one) for one in answer]


async def assert_obeyed(tells: Tells, subject: Subject, asker: Asker) -> set[str]:
    """Whoever may is not sent away, and sees no USD that he may not see; give what he is told."""
    said = await tells(subject.told_by(asker))
    assert "dead letter" not in map(became, said), asker.name
    codes = {code_of(one) for one in answers(said)}
    assert not {"forbidden", "invalid"} & codes, asker.name
    assert bool(codes) == subject.is_answered, asker.name
    shown = [dollars_in(one) for one in answers(said) if asker.role in WITHOUT_USD]
    assert not any(shown), asker.name
    return codes


def became(sent: Sent) -> str:
    if sent.topic.endswith(".dlq"):
        return "dead letter"
    return code_of(sent.said) if sent.topic.endswith(".replied") else sent.topic


def answers(said: Iterable[Sent]) -> list[JsonObject]:
    return [sent.said for sent in said if sent.topic.endswith(".replied")]


def code_of(answer: JsonObject) -> str:
    return str(answer["error"]["code"]) if "error" in answer else "ok"


def params_of(kind: type[Params], said: JsonObject) -> JsonObject:
    """What must be said to ask a question, and no more."""
    value: JsonObject = value_of(inspect.type_info(kind), "", {})
    needed = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}
    return {name: value[name] for name in needed} | said


def asked_by(asker: Asker, query: Query, reading: Reader) -> Letter:
    """A question of somebody, as it is read from Kafka."""
    return reading.read(record(query, [*asker.headers, ("correlation_id", asker.name.encode())]))


def assert_answered_to_whoever_may(told: Iterable[tuple[Asker, JsonObject]], who: str) -> None:
    for asker, reply in told:
        assert (code_of(reply) == "forbidden") != asker.is_one_of(who), asker.name
        assert code_of(reply) in {"ok", "forbidden", "unavailable"}, asker.name
