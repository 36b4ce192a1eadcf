"""A web app on behalf of an owner: it asks for room, and makes what it is granted."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from shared.actor import Actor, private_key_of, sign
from shared.client import Client
from shared.contracts.errors import Error
from shared.contracts.limits import (
    HoldConfirmed,
    HoldReplied,
    HoldRequested,
    InviteAccepted,
    InviteReplied,
    InviteRequested,
    SiteCreated,
    SiteCreationReplied,
    SiteCreationRequested,
)

OWNER = "harriet"
TOKEN_SECONDS = 300


class Wish(NamedTuple):
    """What was asked for, in words, how much of it was granted, or why nothing was."""

    words: str
    granted: int
    error: Error | None


@dataclass(frozen=True, slots=True)
class WebApp:
    """Asks in the name of the owner, and makes what is granted."""

    client: Client
    account: str
    actor: str

    async def site(self, name: str) -> Wish:
        request = SiteCreationRequested(
            account_id=self.account, request_id=str(uuid4()), site_name=name
        )
        reply = await self.client.request(request, actor=self.actor)
        given = reply.data if isinstance(reply, SiteCreationReplied) else None
        if given is not None:
            made = SiteCreated(
                account_id=self.account, site_id=str(uuid4()), hold_id=given.hold_id, site_name=name
            )
            await self.client.publish([made])
        return Wish(f"a site for the {name.lower()}", int(given is not None), reply.error)

    async def invite(self, name: str) -> Wish:
        request = InviteRequested(
            account_id=self.account,
            invite_id=str(uuid4()),
            email=f"{name}@example.com",
            role="editor",
        )
        reply = await self.client.request(request, actor=self.actor)
        given = reply.data if isinstance(reply, InviteReplied) else None
        if given is not None:
            came = InviteAccepted(account_id=self.account, member_id=given.member_id, user_id=name)
            await self.client.publish([came])
        return Wish(f"a seat for {name.capitalize()}", int(given is not None), reply.error)

    async def keywords(self, count: int) -> Wish:
        """As many as there is room for."""
        request = HoldRequested(
            account_id=self.account,
            request_id=str(uuid4()),
            limit_type="keywords",
            quantity=count,
            purpose="keyword.import",
            allow_partial=True,
        )
        reply = await self.client.request(request)
        given = reply.data if isinstance(reply, HoldReplied) else None
        if given is not None:
            added = HoldConfirmed(
                account_id=self.account, hold_id=given.hold_id, quantity=given.granted
            )
            await self.client.publish([added])
        return Wish(f"{count:,} keywords", given.granted if given else 0, reply.error)


def token(key_file: Path, account: str) -> str:
    """Signed as the web app signs it."""
    until = int(time.time()) + TOKEN_SECONDS
    actor = Actor(sub=OWNER, role="owner", exp=until, account_id=account)
    return sign(actor, private_key_of(key_file)).decode()
