"""What a fault of a server meets: a load of each service, and what must have come of it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from shared.contracts.limits import HoldRequested
from shared.contracts.message import Command, Message
from tests.faults.scene import Scene, accounts, funding, lives, some_numbers
from tests.limits.making import asks_for
from tests.making import on_plan

PLENTY = 10**9
RESERVED = "SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[])"
CHARGED = """
    SELECT coalesce(sum(charged), 0)::bigint FROM reservations WHERE account_id = ANY($1::uuid[])
"""
KNOWN = "SELECT count(*) FROM holds WHERE account_id = ANY($1::uuid[])"
HELD = """
    SELECT coalesce(sum(held), 0)::bigint FROM counters
    WHERE account_id = ANY($1::uuid[]) AND limit_type = 'keywords'
"""
A_WISH, STARTER_KEYWORDS = 20, 1_000


@dataclass(frozen=True)
class Load:
    """Messages to some accounts, how far they are known, and what is answered and counted then."""

    scene: Scene  # Of the service that it is for.
    owners: Sequence[str]
    first: Sequence[Message]
    asked: Sequence[Command]
    after: Sequence[Message]
    known: str  # A statement that counts what was asked, the accounts given.
    answers: Counter[str]
    counted: tuple[str, int]  # What is held or charged in all, and how much.

    @property
    def messages(self) -> Sequence[Message]:
        return [*self.first, *self.asked, *self.after]

    @property
    def topics(self) -> Sequence[str]:
        return sorted({message.topic for message in self.messages})

    async def under_way(self, share: float) -> None:
        """Wait until more than this share of what is asked is known."""
        least = share * len(self.asked)
        await self.scene.until(lambda known: known > least, self.known, self.owners)

    async def settled(self) -> None:
        await self.scene.settled(*self.topics)

    async def assert_done_once(self) -> None:
        statement, amount = self.counted
        assert await self.scene.answered(self.asked) == self.answers
        assert await self.scene.value(statement, self.owners) == amount
        await self.scene.assert_books_balance()


MakeLoad: TypeAlias = Callable[[Scene, int], Load]


def of_credits(scene: Scene, operations: int) -> Load:
    """Articles that are asked for and done: 47 credits each."""
    owners = accounts(50)
    asked, done = lives(owners, operations)
    paid, charged = funding(owners, PLENTY), (CHARGED, 47 * operations)
    return Load(scene, owners, paid, asked, done, RESERVED, Counter(ok=operations), charged)


def wishes(owners: Sequence[str], each: int, quantity: int) -> list[HoldRequested]:
    """So many of each account, in turns."""
    whose = [owner for _ in range(each) for owner in owners]
    numbers = some_numbers(len(whose))
    return [
        asks_for(number, quantity, account=owner, ttl_s=7200)
        for number, owner in zip(numbers, whose, strict=True)
    ]


def of_limits(scene: Scene, amount: int) -> Load:
    """Keywords that are asked for, more than there is room for on Starter."""
    owners = accounts(50)
    asked = wishes(owners, amount // len(owners), A_WISH)
    fitting = len(owners) * STARTER_KEYWORDS // A_WISH
    answers = Counter({"ok": fitting, "limit.reached": len(asked) - fitting})
    plans = [on_plan("starter", owner) for owner in owners]
    held = (HELD, fitting * A_WISH)
    return Load(replace(scene, service="limits"), owners, plans, asked, (), KNOWN, answers, held)
