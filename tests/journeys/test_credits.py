"""One operation as others see it: requests and reports in, replies and facts out (S2 to S9)."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from uuid import uuid4

from deploy.local import programs, worker
from deploy.local.programs import Program
from deploy.local.worker import Post
from shared.contracts.credits import (
    BalanceChanged,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    OperationDetail,
    OperationReplied,
    ShortfallRecorded,
    UsageRecorded,
)
from shared.contracts.credits.queries import AskOperation
from shared.contracts.errors import Error
from shared.contracts.operating import AlertRaised
from shared.contracts.types import Json
from tests import making
from tests.journeys.sampling import credits_of, sampled
from tests.journeys.traveller import Traveller
from tests.making import on_plan
from tests.nameless import nameless

LATER = {"CLOCK_OFFSET": "1000"}  # Seconds: past the 15 minutes of a hold.


async def funded(traveller: Traveller, credits: int, **line: Json) -> None:
    invoice = uuid4().int % 2**48
    await traveller.tell(making.paid(credits, traveller.account, invoice=invoice, **line))
    await traveller.ears.hear(CreditsGranted, len(traveller.ears.of(CreditsGranted)) + 1)


def error_of(reply: OperationReplied) -> Error:
    assert reply.error is not None
    return reply.error


def numbers(reply: OperationReplied) -> tuple[int, int, int]:
    assert reply.data is not None, reply.error
    return reply.data.estimated, reply.data.held, reply.data.available_after


async def test_s2_reserve_and_commit(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 10_000)
    (before,) = await traveller.ears.hear(BalanceChanged)

    reply = await traveller.ask(making.requested(1, account))
    assert numbers(reply) == (50, 60, 9_940)
    await traveller.ears.hear(BalanceChanged, 2)
    await traveller.tell(making.completed(1, account))

    (committed,) = await traveller.ears.hear(CreditsCommitted)
    (usage,) = await traveller.ears.hear(UsageRecorded)
    *_, after = await traveller.ears.hear(BalanceChanged, 3)
    assert (committed.charged, committed.released, committed.late) == (47, 13, False)
    assert (usage.credits_used, usage.cost_usd, usage.status) == (47, "0.02950000", "success")
    assert (after.balance, after.available, after.seq) == (9_953, 9_953, before.seq + 1)
    assert (await traveller.balance()).available == 9_953


async def test_s3_not_enough_credits_and_the_grey_zone(traveller: Traveller) -> None:
    account = traveller.account
    await traveller.tell(on_plan("starter", account))
    await funded(traveller, 40)

    error = error_of(await traveller.ask(making.requested(1, account)))
    assert (error.code, error.required, error.available) == ("credits.insufficient", 50, 40)
    assert error.shortfall == 10
    offers = {(s.package_code, s.plan_code, s.credits) for s in error.suggestions}
    assert offers >= {("starter", None, 500), (None, "growth", 40_000)}
    assert (await traveller.balance()).held == 0

    await funded(traveller, 15)
    assert numbers(await traveller.ask(making.requested(2, account))) == (50, 55, 0)
    await funded(traveller, 50)
    assert numbers(await traveller.ask(making.requested(3, account))) == (50, 50, 0)


async def test_s4_two_hundred_at_once(traveller: Traveller, environment: Mapping[str, str]) -> None:
    """With four consumers, as the scenario has it; nothing is negative at any moment (I2)."""
    account, home = traveller.account, Path(environment["IGNY8_DATA"])
    await funded(traveller, 500)

    asked = [making.images_requested(number, account, quality=1) for number in range(200)]
    others = [nameless(worker.program(Post("credits", n), home, environment)) for n in (2, 3, 4)]
    seeing = sampled(environment["CREDITS_DATABASE_URL"], partial(credits_of, account))
    with programs.running(others):
        async with seeing as purses:
            replies = await asyncio.gather(*map(traveller.ask, asked))
            authorised = [number for number, reply in enumerate(replies) if reply.data is not None]
            refused = {error_of(reply).code for reply in replies if reply.data is None}
            assert (len(authorised), refused) == (100, {"credits.insufficient"})
            standing = await traveller.balance()
            assert (standing.held, standing.available) == (500, 0)

            done = [making.images_completed(n, account, quality=1) for n in authorised]
            await traveller.tell(*done)
            usage = await traveller.ears.hear(UsageRecorded, 100)
        assert sum(row.credits_used for row in usage) == 500
        *states, last = await traveller.ears.hear_until(BalanceChanged, lambda x: x.balance == 0)

    assert {purses[0], purses[-1]} == {(500, 0, 0), (0, 0, 0)}
    assert [seen for seen in purses if not seen.reserved == seen.held <= seen.balance] == []
    assert (last.held, last.version) == (0, states[0].version + 200)
    assert [state for state in states if not 0 <= state.held <= state.balance] == []
    reserved = await traveller.ears.hear(CreditsReserved, 100)
    charged = await traveller.ears.hear(CreditsCommitted, 100)
    assert [fact.available_after for fact in reserved] == list(range(495, -1, -5))
    assert [fact.balance_after for fact in charged] == list(range(495, -1, -5))


async def test_s5_duplicates_and_conflicts(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 1_000)

    replies = [await traveller.ask(making.requested(1, account)) for _ in range(3)]
    assert [numbers(reply) for reply in replies] == [(50, 60, 940)] * 3
    assert [reply.replayed for reply in replies] == [False, True, True]
    await traveller.tell(making.completed(1, account), making.completed(1, account))
    other = await traveller.ask(making.requested(1, account, operation_type="clustering"))
    assert error_of(other).code == "conflict"

    await traveller.tell(making.completed(2, account))
    await traveller.ears.hear(CreditsCommitted, 2)
    late = await traveller.ask(making.requested(2, account))
    await traveller.ears.silence()

    assert late.data is not None
    assert (late.data.state, late.data.charged, late.data.held) == ("committed_late", 47, 0)
    assert [fact.charged for fact in traveller.ears.of(CreditsCommitted)] == [47, 47]
    standing = await traveller.balance()
    assert (standing.credits, standing.held) == (906, 0)


async def test_s6_failure_and_cancel(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 1_000)
    await traveller.ask(making.requested(1, account))

    await traveller.tell(making.failed(1, account))
    (released,) = await traveller.ears.hear(CreditsReleased)
    (failure,) = await traveller.ears.hear(UsageRecorded)
    assert (released.released, released.reason) == (60, "provider_error")
    assert (failure.status, failure.credits_used) == ("failed", 0)
    assert (await traveller.balance()).available == 1_000

    await traveller.tell(making.completed(1, account))
    (late,) = await traveller.ears.hear(CreditsCommitted)
    assert (late.late, late.charged) == (True, 47)

    await traveller.ask(making.requested(2, account))
    await traveller.tell(making.completed(2, account))
    await traveller.ears.hear(CreditsCommitted, 2)
    await traveller.tell(making.cancelled(2, account))
    await traveller.ears.silence()
    assert len(traveller.ears.of(CreditsReleased)) == 1
    assert (await traveller.balance()).credits == 906


async def test_s7_late_completion_after_expiry(
    traveller: Traveller, credits_worker: Program, environment: Mapping[str, str]
) -> None:
    account = traveller.account
    await funded(traveller, 72)
    await traveller.ask(making.requested(1, account))
    await traveller.ask(making.requested(2, account, operation_type="clustering"))

    credits_worker.stop()
    try:
        with worker.running("credits", {**environment, **LATER}):
            expired = await traveller.ears.hear(CreditsExpired, 2)
            assert {fact.released for fact in expired} == {60, 12}
            assert (await traveller.balance()).available == 72
            await traveller.tell(making.completed(1, account), making.completed(2, account))
            committed = await traveller.ears.hear(CreditsCommitted, 2)
            (short,) = await traveller.ears.hear(ShortfallRecorded)
            alerts = await traveller.ears.hear(AlertRaised, 4)
            usage = await traveller.ears.hear(UsageRecorded, 2)
    finally:
        credits_worker.start()
        credits_worker.wait_until_ready()

    assert [(fact.charged, fact.late) for fact in committed] == [(47, True), (25, True)]
    assert short.shortfall == 7
    assert [(alert.kind, alert.audience) for alert in alerts if alert.audience == "ops"] == [
        ("credits.shortfall", "ops")
    ]
    assert {alert.threshold for alert in alerts if alert.audience == "customer"} == {50, 95, None}
    assert [(row.status, row.credits_used) for row in usage] == [("late", 47), ("late", 25)]
    assert (await traveller.balance()).credits == 0


async def test_s8_estimate_too_low(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 70)
    await traveller.ask(making.requested(1, account))

    await traveller.tell(making.completed(1, account, tokens_input=4_000, tokens_output=4_300))

    (committed,) = await traveller.ears.hear(CreditsCommitted)
    assert (committed.charged, committed.shortfall, committed.balance_after) == (70, 13, 0)
    reply = await traveller.client.ask(AskOperation(operation_id=making.uuid(1)), account)
    assert isinstance(reply.data, OperationDetail)
    assert (reply.data.state, reply.data.shortfall) == ("committed", 13)


async def test_s9_images_by_quality(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 1_000)

    reply = await traveller.ask(making.images_requested(1, account, premium=3))
    assert numbers(reply) == (45, 45, 955)
    await traveller.tell(making.images_completed(1, account, premium=2))

    (committed,) = await traveller.ears.hear(CreditsCommitted)
    (usage,) = await traveller.ears.hear(UsageRecorded)
    assert (committed.charged, committed.released) == (30, 15)
    assert (usage.items_created, usage.cost_usd, usage.image_quality) == (
        2,
        "0.28000000",
        "premium",
    )
    reserved = await traveller.ears.hear(CreditsReserved)
    assert reserved[0].held == 45
