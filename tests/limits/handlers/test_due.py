"""What a sweep takes at once: so many of a kind, the oldest first, of its own partitions alone."""

from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from services.limits import store
from services.limits.domain import Due, HoldDue, InvitationDue, PlanDue, WindowDue
from shared.lanes import lane_of
from shared.obeying import SWEEP_AT_ONCE
from shared.postgres import transaction
from tests.databases import own_database
from tests.limits.handlers.worker import Worker, states, working
from tests.limits.making import asks_for, invite, opened, override, plan_now
from tests.making import PARTITIONS, on_plan
from tests.signing import by

Kind = TypeVar("Kind", bound=Due)

OWN, OTHER = 0, 1
EVERY = range(PARTITIONS)
HOUR_SECONDS, WEEK_SECONDS, MONTH_SECONDS = 3_600.0, 7 * 24 * 3_600.0, 32 * 24 * 3_600.0


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """A database in which nothing is due but what these tests leave there."""
    with own_database(home, environment, "limits", "limits_due") as url:
        yield url


def living_in(partition: int) -> str:
    """An account that no other test knows."""
    return next(
        one for one in (str(uuid4()) for _ in count()) if lane_of(one) % PARTITIONS == partition
    )


async def due(
    worker: Worker, kind: type[Kind], whose: Collection[int], limit: int, later: float = 0
) -> list[str]:
    """The accounts of what a sweep would find so many seconds later."""
    async with transaction(worker.service.database.pool_for(None)) as tx:
        found = await store.due(tx, whose, PARTITIONS, limit, later)
    return [one.account_id for one in found if isinstance(one, kind)]


async def test_of_holds_the_oldest_are_taken_first(worker: Worker) -> None:
    last, first, second = (living_in(OWN) for _ in range(3))
    others = living_in(OTHER)
    for account, seconds in ((last, 90), (first, 40), (second, 60), (others, 30)):
        await worker.obey(asks_for(1, 1, account=account, ttl_s=seconds))

    assert await due(worker, HoldDue, [OWN], 2, HOUR_SECONDS) == [first, second]
    assert await due(worker, HoldDue, EVERY, 9, HOUR_SECONDS) == [others, first, second, last]
    assert await due(worker, HoldDue, EVERY, 9) == []


async def test_of_invitations_the_oldest_are_taken_first(worker: Worker) -> None:
    first, second, last = (living_in(OWN) for _ in range(3))
    others = living_in(OTHER)
    for account in (others, first, second, last):
        await worker.obey(on_plan("scale", account), by("admin", invite(1, account=account)))

    assert await due(worker, InvitationDue, [OWN], 2, WEEK_SECONDS) == [first, second]
    every = [others, first, second, last]
    assert await due(worker, InvitationDue, EVERY, 9, WEEK_SECONDS) == every
    assert await due(worker, InvitationDue, EVERY, 9, WEEK_SECONDS - 60) == []


async def test_of_months_that_begin_so_many_are_opened_at_once(worker: Worker) -> None:
    own, others = [living_in(OWN) for _ in range(3)], living_in(OTHER)
    await worker.obey(*(opened(one) for one in (*own, others)))

    found = await due(worker, WindowDue, [OWN], 1_000, MONTH_SECONDS)
    assert {*own} <= {*found}
    assert others not in found
    assert len(await due(worker, WindowDue, [OWN], 2, MONTH_SECONDS)) == 2
    assert await due(worker, WindowDue, EVERY, 1_000) == []


async def test_of_accounts_whose_plans_have_changed_so_many_follow_at_once(worker: Worker) -> None:
    own = {code: [living_in(OWN) for _ in range(3)] for code in ("growth", "starter")}
    others = living_in(OTHER)
    await worker.obey(*(on_plan(code, one) for code, accounts in own.items() for one in accounts))
    await worker.obey(on_plan("growth", others))

    await worker.obey(plan_now("growth", keywords=7_000), plan_now("starter", keywords=700))

    assert len(await due(worker, PlanDue, [OWN], 2)) == 2
    assert {*await due(worker, PlanDue, [OWN], 9)} == {*own["growth"], *own["starter"]}
    assert await due(worker, PlanDue, [OTHER], 9) == [others]
    await worker.sweep()
    assert await due(worker, PlanDue, EVERY, 9) == []


async def test_one_sweep_ends_all_that_is_due_however_much_it_is(worker: Worker, url: str) -> None:
    account, many = living_in(OWN), SWEEP_AT_ONCE + 1
    unlimited = by("developer", override("keywords", None, account=account))
    wishes = (asks_for(number, 1, account=account, ttl_s=30) for number in range(many))
    assert states(await worker.obey(unlimited, *wishes))["keywords"] == (0, many)

    async with working(url, clock_offset=HOUR_SECONDS) as later:
        sent = [one for one in await later.sweep() if one.key == account.encode()]

    assert states(sent)["keywords"] == (0, 0)
