"""Who may say what to credits: every topic, told by everybody, with good tokens and bad ones.

The page is written down here once more: whoever adds a topic says here who may use it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest

from services.credits import domain
from shared.contracts import credits as contract
from shared.contracts.message import Message, Request
from shared.contracts.types import Json, JsonObject
from shared.kafka import Record
from shared.lanes import lane_of
from tests.contracts.filled import filled
from tests.credits.askers import WITHOUT_USD, Asker, dollars_in, everybody
from tests.credits.handlers.worker import Worker, working
from tests.credits.queries.clerk import VERIFIER
from tests.databases import own_database
from tests.making import PARTITIONS, raw_record
from tests.recorder import Sent

WHO = {
    "account.opened": "svc",
    "account.status.changed": "svc",
    "ai.operation.cancelled": "svc",
    "ai.operation.completed": "svc",
    "ai.operation.extension.requested": "svc",
    "ai.operation.failed": "svc",
    "ai.operation.requested": "svc, edit+bot",
    "alert.read.requested": "member",
    "automation.run.cancelled": "svc",
    "automation.run.completed": "svc",
    "automation.run.requested": "svc, edit+bot",
    "automation.stage.completed": "svc",
    "automation.stage.failed": "svc",
    "cost.config.update.requested": "dev",
    "credit.package.updated": "svc",
    "credits.adjustment.requested": "dev",
    "credits.freeze.released": "svc",
    "credits.freeze.requested": "svc",
    "invoice.paid": "svc",
    "model.price.update.requested": "dev",
    "payment.disputed": "svc",
    "payment.refund.reversed": "svc",
    "payment.refunded": "svc",
    "plan.updated": "svc",
    "subscription.state.changed": "svc",
}
OBEYED = {message.topic: message for message in contract.OBEYED}
# What does not go together with the rest, or would need a price.
WITHOUT = {
    "ai.operation.extension.requested": ("run_id",),
    "automation.run.cancelled": ("operations",),
    "automation.stage.completed": ("operations", "totals"),
    "automation.stage.failed": ("operations",),
    "invoice.paid": ("kind",),
    "model.price.update.requested": ("image_quality", "credits_per_image"),
}
TABLES = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_name = 'account_id'
"""


class Subject(NamedTuple):
    """What is told, by whomever: a message about an account, under an id."""

    message: type[Message]
    account: str
    id: str

    @property
    def value(self) -> bytes:
        ids = ("operation_id", "run_id", "refund_id", "adjustment_id", "dispute_id", "invoice_id")
        said: JsonObject = dict.fromkeys(ids, self.id) | {
            "account_id": self.account,
            "operation_type": "content_generation",
            "model": "gpt-5.1",
            "kind": "text",
            "source": "credits" if self.message is contract.AlertReadRequested else "manual",
        }
        value = msgspec.json.decode(filled(self.message, {}, said))
        unwanted = WITHOUT.get(self.message.topic, ())
        return msgspec.json.encode({x: said for x, said in value.items() if x not in unwanted})

    def told_by(self, asker: Asker) -> Record:
        headers = [*asker.headers, ("correlation_id", asker.name.encode())]
        place = lane_of(self.account) % PARTITIONS
        key = self.account.encode()
        return raw_record(self.message.topic, self.value, key, headers, partition=place)


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Books whose prices nobody else changes."""
    with own_database(home, environment, "credits", "permissions") as url:
        yield url


async def tells(worker: Worker, *records: Record) -> list[Sent]:
    """One poll, and what follows from it."""
    before = len(worker.recorder.sent)
    await worker.obey(records)
    return worker.recorder.sent[before:]


async def written_about(worker: Worker, account: str) -> dict[str, Json]:
    pool = worker.service.database.pool_for(None)
    count = "SELECT count(*) FROM {} WHERE account_id = $1"
    tables = [row[0] for row in await pool.fetch(TABLES)]
    counted = {table: await pool.fetchval(count.format(table), account) for table in tables}
    prices = await pool.fetchval("SELECT version FROM catalogue_version")
    return {table: rows for table, rows in counted.items() if rows} | {"prices": prices}


def test_every_topic_says_who_may_use_it() -> None:
    assert WHO.keys() == OBEYED.keys() == {message.topic for message in domain.OBEYED}


@pytest.mark.parametrize("topic", sorted(WHO))
async def test_whoever_may_not_is_forbidden_writes_nothing_and_burns_no_id(
    url: str, topic: str
) -> None:
    subject = Subject(OBEYED[topic], str(uuid4()), str(uuid4()))
    askers = everybody(subject.account)
    strangers = [asker for asker in askers if not asker.is_one_of(WHO[topic])]
    friend = next(asker for asker in askers if asker.is_one_of(WHO[topic]))
    async with working(url, verifier=VERIFIER) as worker:
        before = await written_about(worker, subject.account)

        said = await tells(worker, *(subject.told_by(asker) for asker in strangers))

        assert len(said) == len(strangers)
        for sent in said:
            assert became(sent) == ("forbidden" if is_answered(subject) else "dead letter")
        assert await written_about(worker, subject.account) == before
        answer = answers(await tells(worker, subject.told_by(friend)))
        assert [one for one in answer if one.get("replayed")] == []
        assert "conflict" not in [code_of(one) for one in answer]


@pytest.mark.parametrize("topic", sorted(WHO))
async def test_whoever_may_is_obeyed_and_told_no_usd_unless_he_may_see_them(
    url: str, topic: str
) -> None:
    account = str(uuid4())
    async with working(url, verifier=VERIFIER) as worker:
        for asker in everybody(account):
            if asker.is_one_of(WHO[topic]):
                subject = Subject(OBEYED[topic], account, str(uuid4()))
                said = await tells(worker, subject.told_by(asker))
                assert "dead letter" not in map(became, said), asker.name
                codes = {code_of(one) for one in answers(said)}
                assert not {"forbidden", "invalid"} & codes, asker.name
                assert bool(codes) == is_answered(subject)
                shown = [dollars_in(one) for one in answers(said) if asker.role in WITHOUT_USD]
                assert not any(shown), asker.name


def is_answered(subject: Subject) -> bool:
    return issubclass(subject.message, Request)


def became(sent: Sent) -> str:
    if sent.topic.endswith(".dlq"):
        return "dead letter"
    return code_of(sent.said) if sent.topic.endswith(".replied") else sent.topic


def answers(said: list[Sent]) -> list[JsonObject]:
    return [sent.said for sent in said if sent.topic.endswith(".replied")]


def code_of(answer: JsonObject) -> str:
    return str(answer["error"]["code"]) if "error" in answer else "ok"


async def test_another_tenants_operation_is_not_found_and_stays_as_it_is(url: str) -> None:
    owner, other, operation = str(uuid4()), str(uuid4()), str(uuid4())
    async with working(url, verifier=VERIFIER) as worker:
        service, *_ = everybody(owner)
        theirs = Subject(contract.OperationRequested, owner, operation)
        await tells(worker, theirs.told_by(service))
        before = await written_about(worker, owner)

        longer = Subject(contract.ExtensionRequested, other, operation)
        said = await tells(worker, longer.told_by(service))

        assert [code_of(one) for one in answers(said)] == ["not.found"]
        assert await written_about(worker, owner) == before
