"""`operation.detail` shows one operation with its hold, its usage and its ledger entries."""

from uuid import uuid4

import msgspec
import pytest

from shared.contracts.credits import ImageCount, OperationReplied, UsageRecorded
from shared.contracts.message import encode
from shared.contracts.types import JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.making import cancelled, completed, extension, failed, paid, requested, uuid
from tests.signing import ME

OTHER = "somebody-else"


async def detail(clerk: Clerk, account: str, number: int, actor: bytes | None = None) -> JsonObject:
    return await clerk.tells("operation.detail", account, actor, operation_id=uuid(number))


async def test_an_open_hold_has_neither_usage_nor_entries(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))

    shown = await detail(clerk, account, 1)

    expires_at, requested_at = shown.pop("expires_at"), shown.pop("requested_at")
    assert expires_at > requested_at > "2026"
    request, hold = shown.pop("request"), shown.pop("reservation_id")
    assert request == msgspec.json.decode(encode(requested(1, account)))
    assert hold == clerk.recorder.of(OperationReplied.topic)[-1].said["data"]["reservation_id"]
    assert shown == {
        "state": "held",
        "estimated": 50,
        "held": 60,
        "charged": 0,
        "shortfall": 0,
        "price_version": 1,
        "operation_type": "content_generation",
        "available_after": 940,
        "usage": [],
        "transactions": [],
    }


async def test_a_charged_operation_shows_what_was_recorded(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))
    await clerk.hears(completed(1, account), completed(2, account))

    shown = await detail(clerk, account, 1)

    recorded = clerk.recorder.of(UsageRecorded.topic)[0].said
    assert shown["usage"] == [recorded]
    assert recorded["cost_usd"] == "0.02950000"
    assert (shown["state"], shown["held"], shown["charged"]) == ("committed", 60, 47)
    (entry,) = shown["transactions"]
    assert (entry["amount"], entry["reference_id"]) == (-47, uuid(1))
    assert shown["closed_at"] == recorded["created_at"] == entry["created_at"]


async def test_images_of_two_qualities_are_two_rows_in_their_order(
    clerk: Clerk, account: str
) -> None:
    images = [ImageCount(quality="premium", count=2), ImageCount(quality="basic", count=3)]
    await clerk.hears(paid(1_000, account))
    await clerk.hears(
        completed(1, account, operation_type="image_generation", model_used=None, images=images)
    )

    shown = await detail(clerk, account, 1)

    rows = [(row["image_quality"], row["credits_used"]) for row in shown["usage"]]
    assert rows == [("premium", 30), ("basic", 3)]
    assert [entry["amount"] for entry in shown["transactions"]] == [-33]


async def test_a_refused_operation_stays_refused(clerk: Clerk, account: str) -> None:
    await clerk.hears(requested(1, account))

    shown = await detail(clerk, account, 1)

    assert (shown["state"], shown["estimated"], shown["held"]) == ("refused", 50, 0)
    assert shown["request"]["operation_id"] == uuid(1)
    assert shown["refusal"] == clerk.recorder.of(OperationReplied.topic)[-1].said["error"]
    assert shown.keys().isdisjoint({"closed_at", "reservation_id", "available_after"})


async def test_a_failure_costs_nothing_and_is_shown(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account), requested(2, account))
    await clerk.hears(failed(1, account, message="No answer"), cancelled(2, account))

    fallen, called_off = await detail(clerk, account, 1), await detail(clerk, account, 2)

    (row,) = fallen["usage"]
    assert (row["status"], row["credits_used"], row["details"]) == ("failed", 0, "No answer")
    assert (fallen["state"], fallen["transactions"]) == ("released", [])
    assert (called_off["state"], called_off["usage"]) == ("released", [])


async def test_work_that_failed_and_was_completed_after_all_shows_both(
    clerk: Clerk, account: str
) -> None:
    """S6: the failure is not forgotten when the work is charged late."""
    await clerk.hears(paid(1_000, account), requested(1, account))
    await clerk.hears(failed(1, account))
    await clerk.hears(completed(1, account))

    shown = await detail(clerk, account, 1)

    assert shown["state"] == "committed_late"
    assert [row["status"] for row in shown["usage"]] == ["failed", "late"]
    assert [entry["amount"] for entry in shown["transactions"]] == [-47]


async def test_work_short_of_credits_shows_its_shortfall(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(30, account), completed(1, account))

    shown = await detail(clerk, account, 1)

    assert (shown["charged"], shown["shortfall"]) == (30, 17)
    assert [row["shortfall"] for row in shown["usage"]] == [17]


async def test_work_that_cost_more_than_its_hold_shows_its_shortfall(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(paid(70, account), requested(1, account))
    await clerk.hears(completed(1, account, tokens_output=6300))

    shown = await detail(clerk, account, 1)

    assert (shown["state"], shown["held"]) == ("committed", 60)
    assert (shown["charged"], shown["shortfall"]) == (70, 13)


async def test_work_for_nothing_at_all_has_usage_and_no_entry(clerk: Clerk, account: str) -> None:
    await clerk.hears(completed(1, account))

    shown = await detail(clerk, account, 1)

    assert (shown["charged"], shown["shortfall"], shown["transactions"]) == (0, 47, [])
    assert len(shown["usage"]) == 1


async def test_an_extension_is_shown(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))
    before = await detail(clerk, account, 1)
    await clerk.hears(extension(1, 7200, account))

    assert (await detail(clerk, account, 1))["expires_at"] > before["expires_at"]


@pytest.mark.parametrize("number", [1, 2])
async def test_another_accounts_operation_is_one_that_nobody_knows(
    clerk: Clerk, account: str, number: int
) -> None:
    await clerk.hears(paid(1_000, account), requested(1, account))
    stranger = str(uuid4())

    error = await clerk.refuses("operation.detail", stranger, operation_id=uuid(number))

    assert (error["code"], error["kind"]) == ("not.found", "operation")


async def test_an_id_is_unique_within_its_account_alone(clerk: Clerk, account: str) -> None:
    other = str(uuid4())
    await clerk.hears(
        paid(1_000, account), requested(1, account), paid(1_000, other), completed(1, other)
    )

    states = [(await detail(clerk, one, 1))["state"] for one in (account, other)]
    assert states == ["held", "committed_late"]


@pytest.mark.parametrize("role", ["viewer", "editor", "system_bot"])
async def test_no_usd_and_no_other_member_for_who_may_not_see_them(
    clerk: Clerk, account: str, role: Role
) -> None:
    await clerk.hears(paid(1_000, account))
    await clerk.hears(requested(1, account, user_id=OTHER), requested(2, account, user_id=ME))
    await clerk.hears(completed(1, account, user_id=OTHER), completed(2, account, user_id=ME))
    actor = token(role, account)
    requests = [(await detail(clerk, account, one, actor))["request"] for one in (1, 2)]
    assert [request.get("user_id") for request in requests] == [None, ME]

    (others,) = (await detail(clerk, account, 1, actor))["usage"]
    (own,) = (await detail(clerk, account, 2, actor))["usage"]

    assert "cost_usd" not in others
    assert "user_id" not in others
    assert "cost_usd" not in own
    assert own["user_id"] == ME


@pytest.mark.parametrize("role", ["developer", "owner", "admin"])
async def test_the_owner_sees_usd_and_everybody(clerk: Clerk, account: str, role: Role) -> None:
    await clerk.hears(paid(1_000, account))
    await clerk.hears(completed(1, account, user_id=OTHER))

    (row,) = (await detail(clerk, account, 1, token(role, account)))["usage"]

    assert (row["cost_usd"], row["user_id"]) == ("0.02950000", OTHER)
