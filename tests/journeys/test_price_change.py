"""A price changes while work is under way, as others see it (S24)."""

import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from shared.actor import Actor, private_key_of, sign
from shared.contracts.credits import (
    CostConfigChanged,
    CostConfigUpdateReplied,
    CreditsCommitted,
    CreditsGranted,
)
from shared.contracts.credits.answers import CostConfigs
from shared.contracts.credits.queries import AskCostConfigs
from shared.contracts.operating import AskAudit, AuditRows
from shared.contracts.types import Json, Role
from tests import making
from tests.credits.rules.pricing import config_update
from tests.journeys.traveller import Traveller


@pytest.fixture
def article() -> str:
    """An action that is charged as articles are, and that no other test knows."""
    return f"article-{uuid4().hex}"


def token(environment: Mapping[str, str], role: Role, account: str | None = None) -> str:
    key = private_key_of(Path(environment["ACTOR_PRIVATE_KEY_FILE"]))
    actor = Actor(sub=f"a-{role}", role=role, exp=int(time.time()) + 60, account_id=account)
    return sign(actor, key).decode()


async def change(
    traveller: Traveller, actor: str, code: str, expected: int, **said: Json
) -> CostConfigUpdateReplied:
    reply = await traveller.client.request(config_update(code, expected, **said), actor=actor)
    assert isinstance(reply, CostConfigUpdateReplied)
    return reply


def changed(reply: CostConfigUpdateReplied) -> CostConfigChanged:
    assert reply.data is not None, reply.error
    return reply.data


async def test_s24_an_open_operation_keeps_its_price_and_both_changes_are_in_the_record(
    traveller: Traveller, environment: Mapping[str, str], article: str
) -> None:
    account, dora = traveller.account, token(environment, "developer")
    await traveller.tell(making.paid(1_000, account))
    await traveller.ears.hear(CreditsGranted)
    first = changed(await change(traveller, dora, article, 0))
    await traveller.ask(making.requested(1, account, operation_type=article))

    second = changed(await change(traveller, dora, article, 1, tokens_per_credit=80))
    await traveller.ask(making.requested(2, account, operation_type=article))
    await traveller.tell(making.completed(1, account, operation_type=article))
    await traveller.tell(making.completed(2, account, operation_type=article))

    charges = await traveller.ears.hear(CreditsCommitted, 2)
    assert {fact.operation_id: fact.charged for fact in charges} == {
        making.uuid(1): 47,
        making.uuid(2): 59,
    }
    assert second.price_version > first.price_version
    question = AskAudit(object_id=article)
    said = (await traveller.client.ask(question, actor=dora)).data
    assert isinstance(said, AuditRows)
    states = [(row.before and row.before["tokens_per_credit"], row.after) for row in said.rows]
    assert [(before, after and after["tokens_per_credit"]) for before, after in states] == [
        (100, 80),
        (None, 100),
    ]
    assert {row.actor.user_id for row in said.rows} == {"a-developer"}


async def test_an_owner_who_edits_a_price_is_forbidden_and_nothing_is_written(
    traveller: Traveller, environment: Mapping[str, str], article: str
) -> None:
    owner = token(environment, "owner", traveller.account)

    reply = await change(traveller, owner, article, 0)

    assert reply.error is not None
    assert (reply.error.code, reply.error.roles) == ("forbidden", ["developer"])
    listed = (await traveller.client.ask(AskCostConfigs(), traveller.account)).data
    assert isinstance(listed, CostConfigs)
    assert article not in {row.operation_type for row in listed.rows}


async def test_a_change_that_is_sent_again_is_answered_again(
    traveller: Traveller, environment: Mapping[str, str], article: str
) -> None:
    dora = token(environment, "developer")
    first = await change(traveller, dora, article, 0)
    again = await change(traveller, dora, article, 0)
    other = await change(traveller, dora, article, 0, tokens_per_credit=70)

    assert (first.replayed, again.replayed) == (False, True)
    assert changed(again) == changed(first)
    assert other.error is not None
    assert (other.error.code, other.error.version) == ("conflict", 1)
