"""What others say to limits, in few words; numbers become ids that tell which one it was."""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import convert, to_builtins
from msgspec.structs import replace

from shared.contracts.catalogue import PLANS
from shared.contracts.invoicing import AccountOpened, PlanUpdated
from shared.contracts.limits import (
    HoldConfirmed,
    HoldReleased,
    HoldRequested,
    InviteAccepted,
    InviteExpired,
    InviteRequested,
    KeywordDeleted,
    MemberRemoveRequested,
    MemberSeen,
    OverrideUpdateRequested,
    OwnershipTransferRequested,
    RoleChangeRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
    SiteDeleted,
)
from shared.contracts.types import Json
from tests.making import ANN, uuid

Fields: TypeAlias = dict[str, Json]

OWNER = "owner-of-ann"


def opened(account: str = ANN, **said: Json) -> AccountOpened:
    fields: Fields = {"owner_user_id": OWNER, "owner_email": "Ann@Example.com", "name": "Ann"}
    return AccountOpened(account_id=account, **fields | said)


def plan_now(code: str, version: int = 2, **limits: int | None) -> PlanUpdated:
    """A plan of ours with other limits: `plan_now("starter", keywords=500)`."""
    (known,) = [plan for plan in PLANS if plan.plan_code == code]
    said: Fields = {f"max_{name}": limit for name, limit in limits.items()}
    return convert(to_builtins(known) | said | {"version": version}, PlanUpdated)


def asks_for_site(number: int, account: str = ANN, **said: Json) -> SiteCreationRequested:
    fields: Fields = {"site_name": "A site"} | said
    return SiteCreationRequested(account_id=account, request_id=uuid(number), **fields)


def site_made(site: int, account: str = ANN, **named: str) -> SiteCreated:
    """`named`: the hold_id or request_id that it was approved under."""
    return SiteCreated(account_id=account, site_id=uuid(site), **named)


def site_failed(account: str = ANN, **named: str) -> SiteCreationFailed:
    return SiteCreationFailed(account_id=account, **named)


def site_gone(site: int, account: str = ANN) -> SiteDeleted:
    return SiteDeleted(account_id=account, site_id=uuid(site))


def invite(number: int, email: str = "", account: str = ANN, **said: Json) -> InviteRequested:
    fields: Fields = {"email": email or f"user{number}@example.com", "role": "editor"} | said
    return InviteRequested(account_id=account, invite_id=uuid(number), **fields)


def accepted(member: str, user_id: str | None = None, account: str = ANN) -> InviteAccepted:
    return InviteAccepted(account_id=account, member_id=member, user_id=user_id)


def ended(member: str, account: str = ANN) -> InviteExpired:
    return InviteExpired(account_id=account, member_id=member)


def remove(member: str, account: str = ANN) -> MemberRemoveRequested:
    return MemberRemoveRequested(account_id=account, member_id=member)


def role(member: str, name: str, account: str = ANN, **said: Json) -> RoleChangeRequested:
    fields: Fields = {"role": name} | said
    return RoleChangeRequested(account_id=account, member_id=member, **fields)


def transfer(number: int, member: str, account: str = ANN) -> OwnershipTransferRequested:
    return OwnershipTransferRequested(account_id=account, request_id=uuid(number), member_id=member)


def seen(user_id: str, at: str, site: int | None = None, account: str = ANN) -> MemberSeen:
    site_id = None if site is None else uuid(site)
    return MemberSeen(account_id=account, user_id=user_id, at=at, site_id=site_id)


def asks_for(
    number: int, quantity: int, limit_type: str = "keywords", account: str = ANN, **said: Json
) -> HoldRequested:
    fields: Fields = {"limit_type": limit_type, "purpose": "keyword.add"} | said
    return HoldRequested(account_id=account, request_id=uuid(number), quantity=quantity, **fields)


def confirmed(
    hold: str, quantity: int, account: str = ANN, resources: Iterable[int] = ()
) -> HoldConfirmed:
    ids = [uuid(number) for number in resources]
    return HoldConfirmed(account_id=account, hold_id=hold, quantity=quantity, resources=ids)


def released(hold: str, account: str = ANN) -> HoldReleased:
    return HoldReleased(account_id=account, hold_id=hold)


def keywords_gone(*numbers: int, account: str = ANN) -> KeywordDeleted:
    ids = [uuid(0xD_0000_0000 + number) for number in numbers]
    return KeywordDeleted(account_id=account, keyword_ids=ids, count=len(ids))


def override(
    limit_type: str, limit: int | None, version: int = 0, account: str = ANN, **said: Json
) -> OverrideUpdateRequested:
    fields: Fields = {"limit_type": limit_type, "reason": "A big customer"} | said
    return OverrideUpdateRequested(
        account_id=account, limit=limit, expected_version=version, **fields
    )


def cleared(limit_type: str, version: int, account: str = ANN) -> OverrideUpdateRequested:
    return replace(override(limit_type, None, version, account), clear=True)
