"""Who may say what to credits: every topic, told by everybody, with good tokens and bad ones.

The page is written down here once more: whoever adds a topic says here who may use it.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from services.credits import domain
from shared.contracts import credits as contract
from shared.contracts.types import JsonObject
from shared.kafka import Record
from tests.askers import everybody
from tests.credits.handlers.worker import Worker, working
from tests.databases import own_database
from tests.permissions import (
    Subject,
    answers,
    assert_forbidden_to_all_others,
    assert_obeyed,
    code_of,
    subject_of,
    written_about,
)
from tests.recorder import Sent
from tests.signing import VERIFIER

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
IDS = ("operation_id", "run_id", "refund_id", "adjustment_id", "dispute_id", "invoice_id")


def about(topic: str, account: str, number: str) -> Subject:
    """A message about an account, under an id."""
    message = OBEYED[topic]
    said: JsonObject = dict.fromkeys(IDS, number) | {
        "operation_type": "content_generation",
        "model": "gpt-5.1",
        "kind": "text",
        "source": "credits" if message is contract.AlertReadRequested else "manual",
    }
    return subject_of(message, account, said, WITHOUT.get(topic, ()))


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


def test_every_topic_says_who_may_use_it() -> None:
    assert WHO.keys() == OBEYED.keys() == {message.topic for message in domain.OBEYED}


@pytest.mark.parametrize("topic", sorted(WHO))
async def test_whoever_may_not_is_forbidden_writes_nothing_and_burns_no_id(
    url: str, topic: str
) -> None:
    subject = about(topic, str(uuid4()), str(uuid4()))
    async with working(url, verifier=VERIFIER) as worker:
        pool = worker.service.database.pool_for(None)
        await assert_forbidden_to_all_others(pool, partial(tells, worker), subject, WHO[topic])


@pytest.mark.parametrize("topic", sorted(WHO))
async def test_whoever_may_is_obeyed_and_told_no_usd_unless_he_may_see_them(
    url: str, topic: str
) -> None:
    account = str(uuid4())
    async with working(url, verifier=VERIFIER) as worker:
        for asker in everybody(account):
            if asker.is_one_of(WHO[topic]):
                subject = about(topic, account, str(uuid4()))
                await assert_obeyed(partial(tells, worker), subject, asker)


async def test_another_tenants_operation_is_not_found_and_stays_as_it_is(url: str) -> None:
    owner, other, operation = str(uuid4()), str(uuid4()), str(uuid4())
    service, *_ = everybody(owner)
    async with working(url, verifier=VERIFIER) as worker:
        pool = worker.service.database.pool_for(None)
        await tells(worker, about("ai.operation.requested", owner, operation).told_by(service))
        before = await written_about(pool, owner)

        longer = about("ai.operation.extension.requested", other, operation)
        said = await tells(worker, longer.told_by(service))

        assert [code_of(one) for one in answers(said)] == ["not.found"]
        assert await written_about(pool, owner) == before
