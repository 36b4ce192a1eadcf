"""What a second of business sends to limits: sites that come and go, keywords, invitations."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shared.contracts.limits import SiteCreationRequested
from shared.envelope import Outgoing
from tests.faults.scene import NUMBERS, accounts, some_numbers
from tests.limits.making import asks_for, asks_for_site, invite, site_gone, site_made
from tests.making import on_plan, outgoing, uuid

ACCOUNTS = 20
UNLIMITED_PLAN = "scale"
GOES = 0.3  # Of the sites.
SHORT_SECONDS = 60  # So long keywords are held that nobody confirms.


@dataclass
class MixOfLimits:
    """Remembers which sites there must be in the end; nothing is ever short."""

    chance: random.Random
    token: Callable[[str], bytes]  # Of the admin of an account.
    owners: list[str] = field(default_factory=lambda: accounts(ACCOUNTS))
    asked: list[SiteCreationRequested] = field(default_factory=list)
    made: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    @property
    def sites(self) -> int:
        return len(self.made - self.gone)

    def plans(self) -> list[Outgoing]:
        return [outgoing(on_plan(UNLIMITED_PLAN, owner)) for owner in self.owners]

    def second(self, lives: int) -> Iterator[Outgoing]:
        for _ in range(lives):
            yield from self.life()
        number, owner = next(NUMBERS), self.chance.choice(self.owners)
        yield outgoing(asks_for(number, 10, account=owner, ttl_s=SHORT_SECONDS))
        yield outgoing(invite(next(NUMBERS), account=owner), self.by_admin(owner))

    def life(self) -> Iterator[Outgoing]:
        """A site that is asked for and made; some are deleted at once."""
        (number, site), owner = some_numbers(2), self.chance.choice(self.owners)
        self.asked.append(asks_for_site(number, owner))
        yield outgoing(self.asked[-1], self.by_admin(owner))
        self.made.add(site)
        yield outgoing(site_made(site, owner, request_id=uuid(number)))
        if self.chance.random() < GOES:
            self.gone.add(site)
            yield outgoing(site_gone(site, owner))

    def by_admin(self, owner: str) -> dict[str, bytes]:
        return {"actor": self.token(owner)}
