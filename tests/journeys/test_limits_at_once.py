"""Many ask at once for what only some can have, of two workers (S20, I7)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import count, cycle
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local import programs, worker
from deploy.local.environment import KAFKA
from deploy.local.programs import Program
from deploy.local.worker import Post
from shared.client import Client
from shared.contracts.limits import HoldReplied, InviteReplied, SiteCreationReplied, UsageChanged
from shared.contracts.message import Command, Message, Reply
from tests.journeys.sampling import Moment, limits_of, sampled
from tests.journeys.test_limits import asked, granted, used
from tests.journeys.test_price_change import token
from tests.journeys.traveller import Traveller
from tests.limits.making import (
    accepted,
    asks_for,
    asks_for_site,
    confirmed,
    invite,
    opened,
    site_made,
)
from tests.making import on_plan
from tests.nameless import nameless

LIMITS = {"sites": 2, "users": 2, "keywords": 1_000}  # Of Starter.
A_WISH = 50
NUMBERS = count(1)


@pytest.fixture(scope="module", autouse=True)
def another_worker(limits_worker: Program, environment: dict[str, str]) -> Iterator[Program]:
    assert limits_worker.process is not None, "the first one is there"
    home = Path(environment["IGNY8_DATA"])
    program = nameless(worker.program(Post("limits", 2), home, environment))
    with programs.running([program]):
        yield program


@pytest_asyncio.fixture
async def clients(environment: Mapping[str, str]) -> AsyncIterator[Sequence[Client]]:
    async with AsyncExitStack() as stack:
        connected = [Client.connected(environment[KAFKA]) for _ in range(4)]
        yield [await stack.enter_async_context(one) for one in connected]


async def test_a_thousand_holds_at_once_are_granted_up_to_the_limit(
    team: Traveller, clients: Sequence[Client]
) -> None:
    """Of an account that nobody heard of: Free has 100 keywords."""
    many = [asks_for(next(NUMBERS), 1, account=team.account) for _ in range(1_000)]

    replies = await asyncio.gather(
        *(client.request(one) for client, one in zip(cycle(clients), many, strict=False))
    )

    assert Counter(map(code_of, replies)) == {"ok": 100, "limit.reached": 900}
    holds = {granted(x).hold_id for x in replies if isinstance(x, HoldReplied) and x.data}
    assert len(holds) == 100
    assert (await used(team))["keywords"] == (0, 100)


async def test_a_thousand_sites_at_once_are_approved_up_to_the_limit(
    team: Traveller, clients: Sequence[Client], environment: Mapping[str, str]
) -> None:
    await team.tell(on_plan("growth", team.account), opened(team.account))
    admin = token(environment, "admin", team.account)
    many = [asks_for_site(next(NUMBERS), team.account) for _ in range(1_000)]

    replies = await asyncio.gather(
        *(client.request(x, actor=admin) for client, x in zip(cycle(clients), many, strict=False))
    )

    assert Counter(map(code_of, replies)) == {"ok": 5, "limit.reached": 995}
    assert (await used(team))["sites"] == (0, 5)


def code_of(reply: Reply) -> str:
    return "ok" if reply.error is None else reply.error.code


async def test_i7_twice_as_much_as_fits_is_asked_for_at_once_and_no_moment_shows_more(
    clients: Sequence[Client], environment: Mapping[str, str]
) -> None:
    accounts = [str(uuid4()) for _ in range(12)]
    first, *_ = clients
    for account in accounts:
        await first.publish([on_plan("starter", account), opened(account)])

    async with sampled(environment["LIMITS_DATABASE_URL"], partial(limits_of, accounts)) as moments:
        asking, answers = cycle(clients), list[tuple[str, str]]()
        for some in (accounts[:4], accounts[4:8], accounts[8:]):
            answers += await asyncio.gather(
                *(
                    use(next(asking), one, token(environment, "admin", account))
                    for account in some
                    for one in twice_as_much(account)
                )
            )
        await settled(accounts, moments)

    given = Counter(kind for kind, code in answers if code == "ok")
    assert {code for _, code in answers} == {"ok", "limit.reached"}
    assert given == {kind: n * len(accounts) for kind, n in fitting().items()}
    assert [moment for moment in moments if moment.things != moment.counters] == []
    taken = [(kind, sum(x)) for m in moments for (_, kind), x in m.things.items()]
    assert [one for one in taken if one[1] > LIMITS[one[0]]] == []
    assert len({sum(map(sum, m.things.values())) for m in moments}) >= 3, "seen on its way"


def fitting() -> dict[str, int]:
    """How many requests of a kind an account can be granted; the owner has a seat already."""
    return {"sites": 2, "users": 1, "keywords": LIMITS["keywords"] // A_WISH}


def twice_as_much(account: str) -> list[Command]:
    numbers = [next(NUMBERS) for _ in range(2 * fitting()["keywords"])]
    return [
        *(asks_for_site(number, account) for number in numbers[:4]),
        *(invite(number, account=account) for number in numbers[:4]),
        *(asks_for(number, A_WISH, account=account) for number in numbers),
    ]


async def use(client: Client, command: Command, admin: str) -> tuple[str, str]:
    """Ask for room and, where it is given, make use of it; say of what kind, and how it went."""
    account = command.account_id
    match await client.request(command, actor=None if is_wish(command) else admin):
        case HoldReplied(data=data) as reply if data is not None:
            done: Message = confirmed(data.hold_id, data.granted, account)
        case SiteCreationReplied(data=data) as reply if data is not None:
            done = site_made(next(NUMBERS), account, hold_id=data.hold_id)
        case InviteReplied(data=data) as reply if data is not None:
            done = accepted(data.member_id, f"user-{next(NUMBERS)}", account)
        case reply:
            return kind_of(command), code_of(reply)
    await client.publish([done])
    return kind_of(command), code_of(reply)


def is_wish(command: Command) -> bool:
    return kind_of(command) == "keywords"


def kind_of(command: Command) -> str:
    kinds = {"site.creation.requested": "sites", "team.invite.requested": "users"}
    return kinds.get(command.topic, "keywords")


async def settled(accounts: Sequence[str], moments: Sequence[Moment]) -> None:
    """Wait until nothing is about to be: everything that was granted is there."""
    full = {(account, kind): (limit, 0) for account in accounts for kind, limit in LIMITS.items()}
    async with asyncio.timeout(30):
        while not moments or moments[-1].things != full:
            await asyncio.sleep(0.05)


async def test_s20_of_ten_queries_at_once_five_run(
    team: Traveller, clients: Sequence[Client]
) -> None:
    await team.tell(on_plan("starter", team.account))
    first = granted(await asked(team, asks_for(1, 45, "ahrefs_queries", team.account)))
    await team.tell(confirmed(first.hold_id, 45, team.account))
    await team.ears.hear(UsageChanged, 2)
    many = [asks_for(number, 1, "ahrefs_queries", team.account) for number in range(2, 12)]

    replies = await asyncio.gather(
        *(client.request(one) for client, one in zip(cycle(clients), many, strict=False))
    )

    assert Counter(map(code_of, replies)) == {"ok": 5, "limit.reached": 5}
    assert (await used(team))["ahrefs_queries"] == (45, 5)
