"""Questions and money over a real broker: who was answered sees what he was told."""

from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local import worker
from shared.client import Client
from shared.contracts.credits import (
    Authorised,
    Balance,
    EstimateAnswer,
    OperationDetail,
    Outcome,
    Transactions,
)
from shared.contracts.credits.queries import (
    AskBalance,
    AskEstimate,
    AskOperation,
    AskTransactions,
)
from shared.contracts.operating import AskOutcome
from tests.making import paid, requested, uuid

OPERATIONS = 25


@pytest.fixture(scope="module")
def servers(environment: dict[str, str]) -> Iterator[str]:
    with worker.running("credits", environment):
        yield environment["KAFKA_BOOTSTRAP_SERVERS"]


@pytest.fixture
async def client(servers: str) -> AsyncIterator[Client]:
    async with Client.connected(servers) as client:
        yield client


async def test_a_query_sees_every_effect_whose_reply_was_sent_before(
    client: Client, account: str
) -> None:
    await client.publish([paid(5_000, account)])
    for number in range(1, OPERATIONS + 1):
        reply = await client.request(requested(number, account))
        assert isinstance(reply.data, Authorised)

        balance = (await client.ask(AskBalance(), account)).data
        assert isinstance(balance, Balance)
        assert balance.available == reply.data.available_after == 5_000 - 60 * number
        detail = (await client.ask(AskOperation(operation_id=uuid(number)), account)).data
        assert isinstance(detail, OperationDetail)
        assert (detail.state, detail.held) == ("held", 60)


async def test_every_answer_has_the_shape_of_its_contract(client: Client, account: str) -> None:
    await client.publish([paid(5_000, account)])
    await client.request(requested(1, account))
    topic = "ai.operation.requested"

    answers = [
        (await client.ask(question, account)).data
        for question in (
            AskBalance(),
            AskEstimate(operation_type="clustering"),
            AskTransactions(),
            AskOperation(operation_id=uuid(1)),
            AskOutcome(topic=topic, id=uuid(1)),
        )
    ]

    shapes = (Balance, EstimateAnswer, Transactions, OperationDetail, Outcome)
    assert [type(answer) for answer in answers] == list(shapes)
