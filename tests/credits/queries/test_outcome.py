"""`command.outcome` tells what a command was answered, and never starts anything."""

from uuid import uuid4

import pytest

from shared.contracts.credits import ExtensionReplied, OperationReplied
from shared.contracts.message import Message, encode
from shared.contracts.operating import fingerprint
from shared.contracts.types import JsonObject
from tests.credits.queries.clerk import Clerk
from tests.making import completed, extension, failed, paid, requested, uuid

REQUESTED, EXTENDED = "ai.operation.requested", "ai.operation.extension.requested"


async def outcome(clerk: Clerk, account: str, number: int, topic: str = REQUESTED) -> JsonObject:
    return await clerk.tells("command.outcome", account, topic=topic, id=uuid(number))


def answered(reply: JsonObject, asked: Message | None = None) -> JsonObject:
    """The outcome that belongs to the reply to a request of these tests."""
    kept = {name: reply[name] for name in ("status", "data", "error") if name in reply}
    outcome = {"known": True, "state": "answered", "reply": kept}
    usual = requested(int(reply["id"][-4:], 16), reply["account_id"])
    return {**outcome, "fingerprint": fingerprint(encode(asked or usual))}


async def test_what_was_never_asked_is_not_known(clerk: Clerk, account: str) -> None:
    assert await outcome(clerk, account, 1) == {"known": False}
    assert await outcome(clerk, account, 1, EXTENDED) == {"known": False}
    assert (await clerk.tells("credits.balance", account))["version"] == 0


async def test_an_authorised_operation_is_answered_as_at_first(clerk: Clerk, account: str) -> None:
    """Whatever happened since."""
    await clerk.hears(paid(1_000, account))
    sent = await clerk.hears(requested(1, account))
    first = answered(next(one.said for one in sent if one.topic == OperationReplied.topic))

    assert await outcome(clerk, account, 1) == first
    await clerk.hears(extension(1, 7200, account))
    assert await outcome(clerk, account, 1) == first
    await clerk.hears(completed(1, account))
    assert await outcome(clerk, account, 1) == first


async def test_a_refusal_is_told_with_its_words(clerk: Clerk, account: str) -> None:
    sent = await clerk.hears(requested(1, account))
    await clerk.hears(paid(1_000, account))

    (refusal,) = (one.said for one in sent if one.topic == OperationReplied.topic)
    assert refusal["error"]["code"] == "credits.insufficient"
    assert await outcome(clerk, account, 1) == answered(refusal)


async def test_other_content_does_not_change_what_is_known(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))
    first = await outcome(clerk, account, 1)
    await clerk.hears(requested(1, account, operation_type="clustering"))

    assert await outcome(clerk, account, 1) == first


async def test_what_was_only_reported_on_was_not_requested_yet(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), completed(1, account), failed(2, account))
    assert await outcome(clerk, account, 1) == {"known": False}
    assert await outcome(clerk, account, 2) == {"known": False}

    await clerk.hears(requested(1, account), requested(2, account))
    replies = [one.said for one in clerk.recorder.of(OperationReplied.topic)]
    assert [await outcome(clerk, account, n) for n in (1, 2)] == list(map(answered, replies))
    assert replies[0]["data"]["state"] == "committed_late"
    assert replies[1]["error"]["code"] == "conflict"


async def test_the_latest_extension_is_known(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))
    assert await outcome(clerk, account, 1, EXTENDED) == {"known": False}

    for seconds in (1800, 3600):
        asked = extension(1, seconds, account)
        sent = await clerk.hears(asked)
        (reply,) = (one.said for one in sent if one.topic == ExtensionReplied.topic)
        assert await outcome(clerk, account, 1, EXTENDED) == answered(reply, asked)


async def test_another_accounts_command_is_not_known(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))

    assert await outcome(clerk, str(uuid4()), 1) == {"known": False}


@pytest.mark.parametrize("named", ["run 7", "0", "\U0001f600", "'; DROP TABLE accounts"])
async def test_an_id_that_is_none_is_not_known(clerk: Clerk, account: str, named: str) -> None:
    known = await clerk.tells("command.outcome", account, topic=REQUESTED, id=named)

    assert known == {"known": False}


async def test_an_id_is_read_in_any_case(clerk: Clerk, account: str) -> None:
    number = 0xABCDEF
    await clerk.hears(requested(number, account))

    shouted = uuid(number).upper()
    known = await clerk.tells("command.outcome", account, topic=REQUESTED, id=shouted)

    assert known["known"] is True


async def test_a_topic_whose_outcomes_lie_elsewhere_is_invalid(clerk: Clerk, account: str) -> None:
    error = await clerk.refuses("command.outcome", account, topic="invoice.paid", id=uuid(1))

    (field,) = error["fields"]
    assert field["path"] == "params.topic"
    assert REQUESTED in field["reason"]
