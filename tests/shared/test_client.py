"""What a caller sees: one final answer a request, whatever is killed, lost or silent on the way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from aiokafka.errors import KafkaError

from deploy.local import worker
from deploy.local.programs import Program
from shared.actor import Actor, private_key_of, sign
from shared.client import Client
from shared.contracts.credits import (
    Authorised,
    Balance,
    ExtensionRequested,
    Grant,
    InvoicePaid,
    OperationReplied,
    OperationRequested,
    Outcome,
)
from shared.contracts.credits.queries import AskBalance
from shared.contracts.message import Reply
from shared.contracts.operating import AskOutcome
from shared.kafka import Record
from shared.mailbox import Enquiry, Mailbox

ARTICLE_CREDITS = 60  # What an article without an estimate holds.
SHORT_PATIENCE_SECONDS = 0.3
NEVER = 2**31  # Unix seconds.


@pytest.fixture(scope="module")
def credits_worker(environment: dict[str, str]) -> Iterator[Program]:
    with worker.running("credits", environment) as running:
        yield running


@pytest.fixture
def servers(environment: dict[str, str], credits_worker: Program) -> str:
    """The broker, with somebody behind it who answers."""
    assert credits_worker.process is not None
    return environment["KAFKA_BOOTSTRAP_SERVERS"]


@pytest.fixture
async def client(servers: str) -> AsyncIterator[Client]:
    async with Client.connected(servers) as client:
        yield client


class LosesFirstAnswers(Mailbox):
    """A mailbox in front of which the first answer to every command gets lost."""

    def receive(self, record: Record) -> None:
        name = dict(record.headers)["correlation_id"]
        enquiry = self.waiting.get(name)
        if enquiry is None or name in LOST or enquiry.done_before is None:
            super().receive(record)
        else:
            LOST.add(name)


class LosesFirstRequests(Mailbox):
    """A mailbox that forgets to send every command the first time."""

    def post(self, enquiry: Enquiry) -> None:
        if enquiry.done_before is None or enquiry.name in LOST:
            super().post(enquiry)
        LOST.add(enquiry.name)


LOST: set[bytes | None] = set()


def article(account_id: str) -> OperationRequested:
    operation_type = "content_generation"
    return OperationRequested(
        account_id=account_id, operation_id=str(uuid4()), operation_type=operation_type
    )


async def funded(client: Client, amount: int = 1_000_000) -> str:
    """Give the id of a new account with so many credits."""
    account_id = str(uuid4())
    grant = Grant(line=1, kind="subscription", credits=amount, code="starter")
    paid = InvoicePaid(account_id=account_id, invoice_id=str(uuid4()), grants=[grant])
    await client.publish([paid])
    return account_id


def held(reply: Reply) -> int:
    assert isinstance(reply.data, Authorised), reply.error
    return reply.data.held


def code(reply: Reply) -> str:
    assert reply.error is not None
    return reply.error.code


async def test_two_thousand_requests_at_once_have_their_own_answer_each(client: Client) -> None:
    accounts = [await funded(client) for _ in range(20)]
    commands = [article(accounts[number % 20]) for number in range(2000)]
    replies = await asyncio.gather(*(client.request(command) for command in commands))
    assert [reply.id for reply in replies] == [command.operation_id for command in commands]
    assert {held(reply) for reply in replies} == {ARTICLE_CREDITS}
    assert client.waiting == 0


async def test_an_answer_has_the_type_of_its_command(client: Client) -> None:
    reply = await client.request(article(await funded(client)))
    assert isinstance(reply, OperationReplied)
    assert isinstance(reply.data, Authorised)


async def test_a_refusal_is_an_answer_with_words_for_people(client: Client) -> None:
    reply = await client.request(article(await funded(client, amount=40)))
    assert reply.error is not None
    assert (reply.error.code, reply.error.required, reply.error.available) == (
        "credits.insufficient",
        50,
        40,
    )
    assert [x.package_code for x in reply.error.suggestions if x.package_code] == ["starter"]


async def test_a_question_is_answered_in_its_own_type(client: Client) -> None:
    account_id = await funded(client, amount=500)
    await client.request(article(account_id))
    reply = await client.ask(AskBalance(), account_id)
    assert isinstance(reply.data, Balance), reply.error
    assert (reply.data.credits, reply.data.held) == (500, ARTICLE_CREDITS)


async def test_a_person_is_judged_by_the_token_that_comes_with_the_request(
    client: Client, environment: dict[str, str]
) -> None:
    account_id = await funded(client)
    key = private_key_of(Path(environment["ACTOR_PRIVATE_KEY_FILE"]))
    editor = Actor(sub="u-1", role="editor", exp=NEVER, account_id=account_id)
    viewer = Actor(sub="u-2", role="viewer", exp=NEVER, account_id=account_id)
    allowed = await client.request(article(account_id), actor=sign(editor, key).decode())
    forbidden = await client.request(article(account_id), actor=sign(viewer, key).decode())
    assert held(allowed) == ARTICLE_CREDITS
    assert code(forbidden) == "forbidden"


async def test_a_lost_answer_is_read_from_where_it_is_stored(servers: str) -> None:
    async with LosesFirstAnswers.opened(servers, "replies.pipeline", None) as mailbox:
        client = Client(mailbox, SHORT_PATIENCE_SECONDS)
        account_id = await funded(client)
        command = article(account_id)
        reply = await client.request(command)
        longer = ExtensionRequested(
            account_id=account_id, operation_id=command.operation_id, extend_s=1800
        )
        extended = await client.request(longer)
    assert held(reply) == ARTICLE_CREDITS
    assert reply.replayed
    assert extended.status == "ok"


async def test_a_lost_conflict_is_a_conflict_and_never_the_other_commands_answer(
    servers: str,
) -> None:
    async with LosesFirstAnswers.opened(servers, "replies.pipeline", None) as mailbox:
        client = Client(mailbox, SHORT_PATIENCE_SECONDS)
        first = article(await funded(client))
        assert held(await client.request(first)) == ARTICLE_CREDITS
        other = msgspec.structs.replace(first, operation_type="clustering")
        assert code(await client.request(other)) == "conflict"


async def test_a_refusal_that_was_lost_is_the_same_refusal(servers: str) -> None:
    async with LosesFirstAnswers.opened(servers, "replies.pipeline", None) as mailbox:
        client = Client(mailbox, SHORT_PATIENCE_SECONDS)
        reply = await client.request(article(await funded(client, amount=10)))
    assert code(reply) == "credits.insufficient"
    assert reply.replayed


async def test_a_request_that_never_arrived_is_unknown_and_sent_again(servers: str) -> None:
    async with LosesFirstRequests.opened(servers, "replies.pipeline", None) as mailbox:
        client = Client(mailbox, SHORT_PATIENCE_SECONDS)
        account_id = await funded(client)
        reply = await client.request(article(account_id))
    assert held(reply) == ARTICLE_CREDITS
    assert not reply.replayed


async def test_an_outcome_that_nobody_knows_is_said_to_be_unknown(client: Client) -> None:
    never_sent = article(await funded(client))
    question = AskOutcome(topic=never_sent.topic, id=never_sent.operation_id)
    reply = await client.ask(question, never_sent.account_id)
    assert reply.data == Outcome(known=False)


async def test_requests_survive_a_worker_that_is_killed_and_started_again(
    servers: str, credits_worker: Program
) -> None:
    async with Client.connected(servers, patience_seconds=1.0) as client:
        accounts = [await funded(client) for _ in range(8)]
        commands = [article(accounts[number % 8]) for number in range(4000)]
        requests = [asyncio.ensure_future(client.request(x, ttl_seconds=20)) for x in commands]
        await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
        credits_worker.kill()
        assert any(not request.done() for request in requests)
        credits_worker.start()
        replies = await asyncio.gather(*requests)
    assert {held(reply) for reply in replies} == {ARTICLE_CREDITS}
    assert sorted(x.id for x in replies) == sorted(x.operation_id for x in commands)


async def test_silence_is_unavailable_and_nothing_is_done_afterwards(
    servers: str, credits_worker: Program
) -> None:
    async with Client.connected(servers, patience_seconds=SHORT_PATIENCE_SECONDS) as client:
        account_id = await funded(client)
        await client.request(article(account_id))
        credits_worker.kill()
        command = article(account_id)
        reply = await client.request(command, ttl_seconds=0.5)
        credits_worker.start()
        again = await client.request(command, ttl_seconds=20)
        balance = await client.ask(AskBalance(), account_id)
    assert code(reply) == "unavailable"
    assert reply.error is not None
    assert reply.error.retryable
    assert held(again) == ARTICLE_CREDITS
    assert not again.replayed
    assert balance.data.held == 2 * ARTICLE_CREDITS


@pytest.mark.parametrize("places", [(0, 3), (1, 1)], ids=["two partitions", "the same one"])
async def test_two_clients_get_their_own_answers(servers: str, places: tuple[int, int]) -> None:
    async with (
        Client.connected(servers, "replies.web", places[0]) as ann,
        Client.connected(servers, "replies.web", places[1]) as bob,
    ):
        account_id = await funded(ann)
        mine, theirs = article(account_id), article(account_id)
        replies = await asyncio.gather(ann.request(mine), bob.request(theirs))
    assert [reply.id for reply in replies] == [mine.operation_id, theirs.operation_id]


async def test_whoever_stops_waiting_leaves_nothing_behind(client: Client) -> None:
    request = asyncio.ensure_future(client.request(article(str(uuid4()))))
    await asyncio.sleep(0)
    assert client.waiting == 1
    request.cancel()
    with suppress(asyncio.CancelledError):
        await request
    assert client.waiting == 0


async def test_without_a_broker_there_is_no_client() -> None:
    with pytest.raises(KafkaError):
        async with Client.connected("127.0.0.1:1"):
            pass
