"""What refunds and adjustments were answered is told again, and stands in the ledger."""

from services.credits.handlers import obey
from shared.contracts.credits import AdjustmentReplied, AdjustmentRequested, FreezeReplied
from shared.contracts.types import JsonObject
from tests.correcting import adjustment, freeze, refunded, reversed_, unfreeze
from tests.credits.queries.clerk import Clerk, token
from tests.making import paid, reader, record, uuid
from tests.recorder import Sent
from tests.signing import VERIFIER

FREEZE, ADJUST = FreezeReplied.topic, AdjustmentReplied.topic


async def by_a_developer(clerk: Clerk, command: AdjustmentRequested) -> list[Sent]:
    before = len(clerk.recorder.sent)
    reading = reader(AdjustmentRequested, verifier=VERIFIER)
    await obey(clerk.credits, [reading.read(record(command, {"actor": token("developer", None)}))])
    await clerk.credits.service.outbox.settled()
    return clerk.recorder.sent[before:]


async def outcome(clerk: Clerk, account: str, topic: str, number: int = 1) -> JsonObject:
    asked = topic.replace(".replied", ".requested")
    return await clerk.tells("command.outcome", account, topic=asked, id=uuid(number))


def answered(sent: list[Sent], topic: str) -> JsonObject:
    """The outcome that belongs to the reply."""
    (reply,) = (one.said for one in sent if one.topic == topic)
    kept = {name: reply[name] for name in ("status", "data", "error") if name in reply}
    return {"known": True, "state": "answered", "reply": kept}


async def bought(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(500, account, invoice=902, kind="credit_package", code="pro"))


async def test_a_freeze_is_answered_as_at_first_whatever_became_of_it(
    clerk: Clerk, account: str
) -> None:
    await bought(clerk, account)
    first = answered(await clerk.hears(freeze(1, 500, account)), FREEZE)

    for message in (refunded(1, 500, account), reversed_(1, account)):
        assert await outcome(clerk, account, FREEZE) == first
        await clerk.hears(message)
    assert await outcome(clerk, account, FREEZE) == first


async def test_a_refused_freeze_is_told_with_its_words(clerk: Clerk, account: str) -> None:
    await bought(clerk, account)
    sent = await clerk.hears(freeze(1, 501, account))
    await bought(clerk, account)

    assert await outcome(clerk, account, FREEZE) == answered(sent, FREEZE)


async def test_a_refund_that_only_ended_was_never_asked_for(clerk: Clerk, account: str) -> None:
    await clerk.hears(unfreeze(1, account))
    assert await outcome(clerk, account, FREEZE) == {"known": False}

    late = await clerk.hears(freeze(1, 500, account))
    assert await outcome(clerk, account, FREEZE) == answered(late, FREEZE)


async def test_an_adjustment_is_answered_as_at_first(clerk: Clerk, account: str) -> None:
    await bought(clerk, account)
    first = answered(await by_a_developer(clerk, adjustment(1, 70, account)), ADJUST)
    await by_a_developer(clerk, adjustment(2, 30, account))
    too_much = answered(await by_a_developer(clerk, adjustment(3, -900, account)), ADJUST)

    assert await outcome(clerk, account, ADJUST) == first
    assert await outcome(clerk, account, ADJUST, 3) == too_much
    assert await outcome(clerk, account, ADJUST, 4) == {"known": False}


async def test_the_ledger_shows_who_and_why(clerk: Clerk, account: str) -> None:
    await bought(clerk, account)
    made = await by_a_developer(clerk, adjustment(1, 70, account))
    await clerk.hears(refunded(2, 500, account), reversed_(2, account))

    data = await clerk.tells("credits.transactions", account)
    back, gone, by_hand, _ = data["rows"]

    (reply,) = (one.said for one in made if one.topic == ADJUST)
    assert by_hand == reply["data"]["transaction"]
    assert (by_hand["actor"], by_hand["metadata"]["note"]) == ("user-of-mine", "The site was down.")
    assert [(row["type"], row["reference_type"], row["amount"]) for row in (gone, back)] == [
        ("refund", "refund", -500),
        ("refund", "refund", 500),
    ]
    assert gone["metadata"] == {"payment_id": uuid(0x900), "invoice_id": uuid(902)}
    assert data["totals"] == {"in": 1_070, "out": 500}
