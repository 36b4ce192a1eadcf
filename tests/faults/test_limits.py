"""Whoever is killed, and whatever is sent: exactly what there is room for is granted, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from operator import le

import asyncpg
import pytest

from deploy.local import programs
from shared.contracts.invoicing import SubscriptionStateChanged
from shared.contracts.limits import OBEYED, HoldConfirmed, HoldRequested, SiteCreationRequested
from shared.envelope import Outgoing
from tests.faults import poison_of_limits
from tests.faults.fates import assert_fates, woven
from tests.faults.loads import A_WISH, KNOWN, wishes
from tests.faults.poison import token_of
from tests.faults.poison_of_limits import Victim
from tests.faults.scene import Scene, accounts, some_numbers
from tests.limits.making import asks_for_site, confirmed
from tests.making import on_plan, outgoing

TOPICS = tuple(message.topic for message in OBEYED)
PLANS = SubscriptionStateChanged.topic
ASKED, SITES = HoldRequested.topic, SiteCreationRequested.topic
STATES = """
    SELECT count(*) FROM holds
    WHERE account_id = ANY($1::uuid[]) AND limit_type = $2 AND state = $3
"""
# Of an account on Starter: 1,000 keywords and 2 sites.
FULL = """
    SELECT count(*) FROM counters WHERE account_id = ANY($1::uuid[])
    AND (limit_type, used, held) IN (('keywords', 1000, 0), ('sites', 0, 2))
"""
OPEN_HOLDS = """
    SELECT account_id::text, hold_id::text, granted FROM holds
    WHERE account_id = ANY($1::uuid[]) AND limit_type = 'keywords' AND state = 'held'
"""
OTHER_ROWS = """
    SELECT (SELECT count(*) FROM resources WHERE account_id = ANY($1::uuid[]))
         + (SELECT count(*) FROM members WHERE account_id = ANY($1::uuid[]))
         + (SELECT count(*) FROM overrides WHERE account_id = ANY($1::uuid[]))
         + (SELECT count(*) FROM commands WHERE account_id = ANY($1::uuid[]))
"""
HELD_IN_ALL = """
    SELECT coalesce(sum(held) * 1000 + sum(used), 0)::bigint FROM counters
    WHERE account_id = ANY($1::uuid[])
"""
WISHES = 80  # Fifty of them fit.
AWAY_SECONDS = 1.0


@pytest.fixture
def limits(scene: Scene) -> Scene:
    return replace(scene, service="limits")


def sites(
    scene: Scene, owners: Sequence[str], each: int
) -> list[tuple[SiteCreationRequested, Outgoing]]:
    """So many of each account, asked for by its admin."""
    made = []
    for owner in owners:
        headers = {"actor": token_of(owner, "admin", scene.environment)}
        for number in some_numbers(each):
            asked = asks_for_site(number, owner)
            made.append((asked, outgoing(asked, headers)))
    return made


async def open_holds(scene: Scene, owners: Sequence[str]) -> list[tuple[str, str, int]]:
    connection = await asyncpg.connect(scene.environment["LIMITS_DATABASE_URL"])
    try:
        return [tuple(row) for row in await connection.fetch(OPEN_HOLDS, owners)]
    finally:
        await connection.close()


async def test_whoever_is_killed_exactly_what_fits_is_granted_and_counted(limits: Scene) -> None:
    owners = accounts(50)
    asked, wanted = wishes(owners, WISHES, A_WISH), sites(limits, owners, 5)
    load = [*(outgoing(one) for one in (*asked, *asked[::5])), *(one for _, one in wanted)]
    first, second = limits.worker(1), limits.worker(2)
    with programs.running([first, second]):
        await limits.tell([on_plan("starter", owner) for owner in owners])
        await limits.settled(PLANS)
        telling = asyncio.create_task(limits.publish(load))
        for share in (0.1, 0.4, 0.7):
            await limits.until(partial(le, int(share * len(asked))), KNOWN, owners)
            first.kill()
            first.start()
            await asyncio.to_thread(first.wait_until_ready)
        await telling
        await limits.settled(ASKED, SITES)
        confirming = [confirmed(x[1], x[2], x[0]) for x in await open_holds(limits, owners)]
        await limits.tell([*confirming, *confirming[::5]])
        limits.postgres.kill()
        await asyncio.sleep(AWAY_SECONDS)
        limits.postgres.start()
        await asyncio.to_thread(limits.postgres.wait_until_ready)
        await limits.settled(HoldConfirmed.topic)

    fitting = len(owners) * 1_000 // A_WISH
    assert await limits.answered(asked) == {"ok": fitting, "limit.reached": len(asked) - fitting}
    assert await limits.answered([one for one, _ in wanted]) == {"ok": 100, "limit.reached": 150}
    assert await limits.value(STATES, owners, "keywords", "confirmed") == fitting
    assert await limits.value(FULL, owners) == 2 * len(owners)
    await limits.assert_books_balance()


async def test_every_kind_of_poison_among_good_records(limits: Scene) -> None:
    """The victims have one hold each before, and nothing else after."""
    owners, victims, others = accounts(20), accounts(3), accounts(2)
    good, first = wishes(owners, 50, 2), wishes(victims, 1, 10)
    odd = [one for owner in others for one in poison_of_limits.oddities(owner)]

    with programs.running([limits.worker()]):
        await limits.tell(first)
        await limits.settled(ASKED)
        holds = {x[0]: (x[1], x[2]) for x in await open_holds(limits, victims)}
        another = victims[2]
        bad = [
            one
            for account in victims[:2]
            for one in poison_of_limits.every_kind(
                Victim(account, *holds[account], another, holds[another][0]), limits.environment
            )
        ]
        among = [[one.outgoing] for one in bad] + [one.outgoing for one in odd]
        await limits.publish(woven([outgoing(one) for one in good], among))
        await limits.settled(*TOPICS)

    assert await limits.answered(good) == {"ok": len(good)}
    assert await limits.answered([one.asked for one in odd]) == {"ok": len(odd)}
    await assert_fates(limits, bad)
    assert await limits.value(STATES, victims, "keywords", "held") == len(victims)
    assert await limits.value(HELD_IN_ALL, victims) == 10 * len(victims) * 1000
    assert await limits.value(OTHER_ROWS, victims) == 0
    await limits.assert_books_balance()
