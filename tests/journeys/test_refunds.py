"""Credits go back with their money, as others see it (S13), and come or go by hand."""

import time
from collections.abc import Mapping
from pathlib import Path

from shared.actor import Actor, private_key_of, sign
from shared.contracts.credits import (
    Adjusted,
    AdjustmentReplied,
    AdjustmentRequested,
    CreditsAdjusted,
    CreditsCommitted,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    FreezeReplied,
    FreezeRequested,
    Transactions,
)
from shared.contracts.credits.queries import AskTransactions
from shared.contracts.errors import Error
from shared.contracts.operating import AuditRecorded
from shared.contracts.types import Role
from tests import making
from tests.correcting import PACKAGE, adjustment, disputed, freeze, refunded, reversed_, unfreeze
from tests.journeys.traveller import Traveller
from tests.making import uuid

SPENT = {"tokens_input": 100_000, "tokens_output": 50_000}  # 1,500 credits.


async def three_quarters_spent(traveller: Traveller) -> None:
    """The pro package, 2,000 credits, of which 1,500 are spent."""
    account = traveller.account
    bought = making.paid(2_000, account, invoice=PACKAGE, kind="credit_package", code="pro")
    await traveller.tell(bought, making.completed(1, account, **SPENT))
    await traveller.ears.hear(CreditsGranted)
    (spent,) = await traveller.ears.hear(CreditsCommitted)
    assert (spent.charged, spent.balance_after) == (1_500, 500)


async def asked(traveller: Traveller, command: FreezeRequested) -> FreezeReplied:
    reply = await traveller.client.request(command)
    assert isinstance(reply, FreezeReplied)
    return reply


def error_of(reply: FreezeReplied | AdjustmentReplied) -> Error:
    assert reply.error is not None
    return reply.error


async def ledger(traveller: Traveller) -> list[tuple[str, int, int]]:
    """Type, amount and balance of each row, the first one first."""
    reply = await traveller.client.ask(AskTransactions(), traveller.account)
    assert isinstance(reply.data, Transactions), reply.error
    return [(row.type, row.amount, row.balance_after) for row in reversed(reply.data.rows)]


async def test_s13_refund_after_the_credits_were_spent(traveller: Traveller) -> None:
    account = traveller.account
    await three_quarters_spent(traveller)

    error = error_of(await asked(traveller, freeze(1, 2_000, account)))
    assert (error.code, error.unspent_credits) == ("refund.exceeds.unspent", 500)
    assert (await traveller.balance()).held == 0

    part = await asked(traveller, freeze(2, 500, account))
    assert part.data is not None
    assert (part.data.frozen, part.data.unspent, part.data.available_after) == (500, 500, 0)
    await traveller.tell(refunded(2, 500, account))
    (revoked,) = await traveller.ears.hear(CreditsRevoked)

    assert (revoked.revoked, revoked.unrecovered, revoked.balance_after) == (500, 0, 0)
    assert await ledger(traveller) == [
        ("purchase", 2_000, 2_000),
        ("deduction", -1_500, 500),
        ("refund", -500, 0),
    ]


async def test_s13_a_forced_refund(traveller: Traveller) -> None:
    account = traveller.account
    await three_quarters_spent(traveller)

    reply = await asked(traveller, freeze(1, 2_000, account, allow_partial=True))
    assert reply.data is not None
    assert reply.data.frozen == 500
    (frozen,) = [f for f in await traveller.ears.hear(CreditsReserved) if f.kind == "refund"]
    assert (frozen.refund_id, frozen.estimated, frozen.held) == (uuid(1), 2_000, 500)
    refusal = (await traveller.ask(making.requested(2, account))).error
    assert refusal is not None
    assert (refusal.code, refusal.available) == ("credits.insufficient", 0)

    forced = refunded(1, 2_000, account, forced=True, full=True)
    await traveller.tell(forced, forced, unfreeze(1, account))
    (revoked,) = await traveller.ears.hear(CreditsRevoked)
    (audit,) = await traveller.ears.hear(AuditRecorded)
    await traveller.ears.silence()

    assert (revoked.revoked, revoked.unrecovered, revoked.forced) == (500, 1_500, True)
    assert audit.after is not None
    assert audit.after["unrecovered"] == 1_500
    assert len(traveller.ears.of(CreditsRevoked)) == 1
    assert traveller.ears.of(CreditsReleased) == []
    assert (await traveller.balance()).credits == 0


async def test_s13_the_gateway_refuses_or_takes_it_back(traveller: Traveller) -> None:
    account = traveller.account
    await three_quarters_spent(traveller)

    await asked(traveller, freeze(1, 500, account))
    await traveller.tell(unfreeze(1, account))
    (released,) = await traveller.ears.hear(CreditsReleased)
    assert (released.released, released.reason) == (500, "refund_failed")
    assert (await traveller.balance()).available == 500

    await traveller.tell(refunded(2, 500, account), reversed_(2, account))
    _, back = await traveller.ears.hear(CreditsGranted, 2)
    assert (back.granted, back.reason, back.code) == (500, "refund_reversed", "pro")
    assert (await traveller.balance()).purchased_bucket == 500


async def test_a_dispute_is_opened_and_lost(traveller: Traveller) -> None:
    account = traveller.account
    await three_quarters_spent(traveller)

    await traveller.tell(disputed(1, "opened", 2_000, account))
    (frozen,) = await traveller.ears.hear(CreditsReserved)
    assert (frozen.kind, frozen.dispute_id, frozen.held) == ("dispute", uuid(1), 500)
    await traveller.tell(disputed(1, "lost", 2_000, account))
    (revoked,) = await traveller.ears.hear(CreditsRevoked)

    assert (revoked.revoked, revoked.unrecovered, revoked.dispute_id) == (500, 1_500, uuid(1))
    assert (await traveller.balance()).credits == 0


async def test_only_a_developer_adjusts(
    traveller: Traveller, environment: Mapping[str, str]
) -> None:
    key = private_key_of(Path(environment["ACTOR_PRIVATE_KEY_FILE"]))

    async def adjusts(role: Role, command: AdjustmentRequested) -> AdjustmentReplied:
        until = int(time.time()) + 60
        actor = Actor(sub=f"a {role}", role=role, exp=until, account_id=traveller.account)
        reply = await traveller.client.request(command, actor=sign(actor, key).decode())
        assert isinstance(reply, AdjustmentReplied)
        return reply

    gift, fine = (adjustment(n, amount, traveller.account) for n, amount in ((1, 70), (2, -71)))
    assert error_of(await adjusts("owner", gift)).code == "forbidden"
    given, again = await adjusts("developer", gift), await adjusts("developer", gift)
    assert error_of(await adjusts("developer", fine)).code == "credits.insufficient"

    (fact,) = await traveller.ears.hear(CreditsAdjusted)
    (audit,) = await traveller.ears.hear(AuditRecorded)
    assert isinstance(given.data, Adjusted)
    assert (given.data.transaction.actor, given.data.available_after) == ("a developer", 70)
    assert (again.data, again.replayed) == (given.data, True)
    assert (fact.amount, fact.adjustment_id) == (70, uuid(1))
    assert (audit.action, audit.actor.user_id) == ("credits.adjustment.requested", "a developer")
    assert await ledger(traveller) == [("adjustment", 70, 70)]
