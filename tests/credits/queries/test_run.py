"""`automation.run` tells a run as it stands, and `command.outcome` what its commands got."""

from uuid import uuid4

import pytest

from shared.contracts.credits import ExtensionReplied, RunReplied
from shared.contracts.types import JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.making import Fields, completed, paid, requested, uuid
from tests.running import (
    RUN,
    done,
    run_cancelled,
    run_completed,
    run_extension,
    run_requested,
    stage_done,
    stage_failed,
)

PROMPTS: Fields = {"stage": 2, "operation_type": "image_prompt_extraction", "count": 2}
ARTICLES: Fields = {"stage": 1, "operation_type": "content_generation", "count": 2}
ASKED, EXTENDED = "automation.run.requested", "ai.operation.extension.requested"


async def the_run(clerk: Clerk, account: str, actor: bytes | None = None) -> JsonObject:
    return await clerk.tells("automation.run", account, actor, run_id=uuid(RUN))


async def outcome(clerk: Clerk, account: str, topic: str = ASKED) -> JsonObject:
    known = await clerk.tells("command.outcome", account, topic=topic, id=uuid(RUN))
    known.pop("fingerprint", None)
    return known


def answered(reply: JsonObject) -> JsonObject:
    kept = {name: reply[name] for name in ("status", "data", "error") if name in reply}
    return {"known": True, "state": "answered", "reply": kept}


async def test_a_run_is_told_from_its_approval_to_its_end(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), run_requested(ARTICLES, PROMPTS, account=account))
    first = await the_run(clerk, account)
    assert (first["state"], first["estimated"], first["held"]) == ("approved", 132, 159)
    assert [stage["state"] for stage in first["stages"]] == ["pending", "pending"]

    await clerk.hears(stage_done(1, done(1), account=account, is_done=False))
    second = await the_run(clerk, account)
    assert (second["state"], second["charged"], second["released"]) == ("running", 47, 0)
    assert [stage["state"] for stage in second["stages"]] == ["running", "pending"]

    await clerk.hears(run_completed(account=account))
    last = await the_run(clerk, account)
    assert (last["state"], last["held"], last["released"]) == ("completed", 159, 112)
    assert [(s["state"], s["charged"]) for s in last["stages"]] == [("done", 47), ("skipped", 0)]


@pytest.mark.parametrize("role", ["developer", "owner", "admin", "editor", "viewer", "system_bot"])
async def test_every_member_sees_runs(clerk: Clerk, account: str, role: Role) -> None:
    await clerk.hears(paid(1_000, account), run_requested(account=account))
    await clerk.hears(stage_failed(1, account=account))

    run = await the_run(clerk, account, token(role, account))

    assert (run["state"], run["reason"]) == ("stopped", "the writer gave up")


async def test_what_was_never_approved_is_not_found(clerk: Clerk, account: str) -> None:
    for said in (paid(1, account), run_requested(account=account), run_completed(9, account)):
        await clerk.hears(said)
        error = await clerk.refuses("automation.run", account, run_id=uuid(RUN))
        assert (error["code"], error["kind"]) == ("not.found", "run")
    assert (await clerk.refuses("automation.run", account, run_id=uuid(9)))["code"] == "not.found"


async def test_another_accounts_run_is_not_found(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), run_requested(account=account))

    error = await clerk.refuses("automation.run", str(uuid4()), run_id=uuid(RUN))
    assert error["code"] == "not.found"


async def test_the_outcome_of_a_run_is_its_first_answer(clerk: Clerk, account: str) -> None:
    assert await outcome(clerk, account) == {"known": False}
    await clerk.hears(paid(1_000, account))
    sent = await clerk.hears(run_requested(account=account))
    (reply,) = (one.said for one in sent if one.topic == RunReplied.topic)

    await clerk.hears(stage_done(1, done(1), account=account), run_completed(account=account))

    assert await outcome(clerk, account) == answered(reply)


async def test_the_outcome_of_a_refused_run_has_its_words(clerk: Clerk, account: str) -> None:
    sent = await clerk.hears(run_requested(account=account))
    (reply,) = (one.said for one in sent if one.topic == RunReplied.topic)

    assert reply["error"]["code"] == "run.credits.insufficient"
    assert await outcome(clerk, account) == answered(reply)


async def test_a_run_that_only_ended_was_not_requested_yet(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), run_cancelled(account=account))

    assert await outcome(clerk, account) == {"known": False}


async def test_the_latest_extension_of_a_run_is_known(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), run_requested(account=account))
    assert await outcome(clerk, account, EXTENDED) == {"known": False}

    for seconds in (20_000, 86_400):
        sent = await clerk.hears(run_extension(seconds, account=account))
        (reply,) = (one.said for one in sent if one.topic == ExtensionReplied.topic)
        assert await outcome(clerk, account, EXTENDED) == answered(reply)


async def test_an_operation_of_a_run_is_told_with_its_usage(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), run_requested(account=account))
    child = requested(2, account, run_id=uuid(RUN), stage=1)
    await clerk.hears(stage_done(1, done(1), account=account), child, completed(2, account))

    for number, held in ((1, 0), (2, 60)):
        detail = await clerk.tells("operation.detail", account, operation_id=uuid(number))
        assert (detail["state"], detail["held"], detail["charged"]) == ("committed", held, 47)
        assert [row["run_id"] for row in detail["usage"]] == [uuid(RUN)]
