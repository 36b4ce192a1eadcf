"""Who may ask what, and how a poll of questions is answered."""

from collections.abc import Sequence

import asyncpg
import pytest

from services.credits.handlers import answer
from shared import postgres
from shared.actor import Actor, sign
from shared.contracts.credits import CreditsQuery
from shared.contracts.types import JsonObject, Role
from shared.kafka import Letter
from shared.lanes import lane_of
from tests.credits.queries.clerk import Clerk, question, reading, token
from tests.making import NOW_MILLISECONDS, PARTITIONS, paid, raw_record, record, requested, uuid
from tests.signing import KEY

EVERY_KIND: list[tuple[str, JsonObject]] = [
    ("credits.balance", {}),
    ("credits.estimate", {"operation_type": "clustering"}),
    ("credits.transactions", {}),
    ("operation.detail", {"operation_id": uuid(1)}),
    ("command.outcome", {"topic": "ai.operation.requested", "id": uuid(1)}),
]
ROLES: list[Role] = ["developer", "owner", "admin", "editor", "viewer", "system_bot"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("query", "params"), EVERY_KIND)
async def test_every_member_may_ask_about_his_account(
    clerk: Clerk, account: str, role: Role, query: str, params: JsonObject
) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))

    (reply,) = await clerk.answers(question(query, account, params, token(role, account)))

    assert reply["status"] == "ok"


@pytest.mark.parametrize("role", [role for role in ROLES if role != "developer"])
async def test_nobody_asks_about_another_account(clerk: Clerk, account: str, role: Role) -> None:
    stranger = token(role, uuid(99))

    error = await clerk.refuses("credits.balance", account, stranger)

    assert (error["code"], error["http_status"]) == ("forbidden", 403)


async def test_a_token_that_ran_out_before_it_was_sent_is_none(clerk: Clerk, account: str) -> None:
    over = Actor(sub="me", role="owner", exp=NOW_MILLISECONDS // 1000 - 6, account_id=account)

    error = await clerk.refuses("credits.balance", account, sign(over, KEY))

    assert error["code"] == "forbidden"


@pytest.mark.parametrize("query", ["plan.list", "nonsense"])
async def test_a_question_that_nobody_answers_here_names_those_that_are(
    clerk: Clerk, account: str, query: str
) -> None:
    error = await clerk.refuses(query, account)

    assert error["code"] == "invalid"
    (field,) = error["fields"]
    assert field["path"] == "query"
    assert set(field["reason"].removeprefix("Expected one of ").split(", ")) == set(
        clerk.credits.desk.questions
    )


@pytest.mark.parametrize(
    ("query", "params", "path"),
    [
        ("operation.detail", {}, "params.operation_id"),
        ("operation.detail", {"operation_id": "7"}, "params.operation_id"),
        ("credits.transactions", {"page": {"size": 7}}, "params.page.size"),
        ("credits.transactions", {"type": ["gift"]}, "params.type[0]"),
        ("credits.transactions", {"from": "2026-02-30"}, "params.from"),
        ("credits.transactions", {"preset": "7d", "to": "2026-01-01"}, "params.preset"),
        ("command.outcome", {"topic": "x"}, "params.id"),
    ],
)
async def test_a_wrong_parameter_is_named(
    clerk: Clerk, account: str, query: str, params: JsonObject, path: str
) -> None:
    (reply,) = await clerk.answers(question(query, account, params))

    assert [field["path"] for field in reply["error"]["fields"]] == [path]


async def test_a_stranger_with_a_typo_is_forbidden(clerk: Clerk, account: str) -> None:
    asked = question("operation.detail", account, {}, token("viewer", uuid(99)))

    (reply,) = await clerk.answers(asked)

    assert reply["error"]["code"] == "forbidden"


async def test_a_reply_goes_where_it_is_wanted(clerk: Clerk, account: str) -> None:
    asked = CreditsQuery(query="credits.balance", account_id=account, request_id=uuid(5))
    elsewhere = (lane_of(account) + 1) % PARTITIONS
    wanted = {"reply_to": b"replies.web", "reply_partition": b"%d" % elsewhere}

    await clerk.reads(reading.read(record(asked, wanted | {"ce_id": b"a-cause"})))

    (reply,) = clerk.recorder.sent
    assert (reply.topic, reply.partition) == ("replies.web", elsewhere)
    assert reply.key == account.encode()
    assert reply.header("ce_type") == b"credits.query.replied"
    assert reply.header("ce_subject") == reply.header("correlation_id") == uuid(5).encode()
    assert reply.header("causation_id") == b"a-cause"
    assert reply.said["topic"] == "credits.query.requested"
    assert (reply.said["id"], reply.said["account_id"]) == (uuid(5), account)


async def test_a_reply_goes_to_the_accounts_partition_by_itself(clerk: Clerk, account: str) -> None:
    await clerk.reads(question("credits.balance", account))

    (reply,) = clerk.recorder.sent
    assert (reply.topic, reply.partition) == (
        "credits.query.replied",
        lane_of(account) % PARTITIONS,
    )


async def test_what_cannot_be_read_is_set_aside_and_the_rest_is_answered(
    clerk: Clerk, account: str
) -> None:
    topic, original = CreditsQuery.topic, b'{"query": "credits.balance"'
    unreadable = reading.read(raw_record(topic, original, account.encode(), {"hint": b"7"}))
    unkeyed = reading.read(raw_record(topic, b'{"query":"x","account_id":"%b"}' % account.encode()))

    await clerk.reads(unreadable, unkeyed, question("credits.balance", account))

    (dead,) = clerk.recorder.of(f"{topic}.dlq")
    assert (dead.value, dead.header("dlq_reason")) == (original, b"undecodable")
    assert (dead.header("hint"), dead.header("dlq_topic")) == (b"7", topic.encode())
    misplaced, answered = sorted(
        (one.said for one in clerk.recorder.of("credits.query.replied")),
        key=lambda said: str(said["status"]),
    )
    assert misplaced["error"]["fields"][0]["path"] == "account_id"
    assert answered["status"] == "ok"


async def test_a_question_that_waited_longer_than_its_time_is_not_looked_up(
    clerk: Clerk, account: str
) -> None:
    asked = CreditsQuery(query="credits.balance", account_id=account)
    await clerk.reads(reading.read(record(asked, {"ttl_ms": b"1000"})))

    (reply,) = clerk.recorder.sent
    assert reply.said["error"]["code"] == "unavailable"


async def test_a_poll_costs_the_same_statements_however_many_ask(
    clerk: Clerk, url: str, account: str
) -> None:
    await clerk.hears(paid(5_000, account), *[requested(n, account) for n in range(30)])
    statements: list[str] = []

    async def listen(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        connection.add_query_logger(lambda one: statements.append(one.query))

    async with asyncpg.create_pool(url, min_size=1, max_size=1, init=listen) as pool:
        clerk.credits.service.database = postgres.Database(pool)
        await answer(clerk.credits, every_kind(account, [1]))  # Whoever asks first reads prices.
        statements.clear()
        await answer(clerk.credits, every_kind(account, [1]))
        once = len(statements)
        statements.clear()
        await answer(clerk.credits, every_kind(account, range(30)))

    assert len(statements) == once
    assert not any(word in "".join(statements) for word in ("INSERT", "UPDATE", "DELETE"))


def every_kind(account: str, numbers: Sequence[int]) -> list[Letter]:
    developer = token("developer", None)
    about = [
        question(query, account, params | changed)
        for number in numbers
        for (query, params), changed in zip(EVERY_KIND, varied(number), strict=True)
    ]
    return [*about, *[question("credits.transactions", None, {}, developer) for _ in numbers]]


def varied(number: int) -> list[JsonObject]:
    return [{}, {}, {}, {"operation_id": uuid(number)}, {"id": uuid(number)}]
