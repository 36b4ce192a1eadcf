"""What is said about a change of the book: replies and facts, with the numbers after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import msgspec

from services.limits.book import (
    HARD_TYPES,
    LIMIT_TYPES,
    Account,
    Book,
    Hold,
    Member,
    Override,
    Room,
)
from shared.contracts import limits as said
from shared.contracts.errors import Error, LimitType
from shared.contracts.limits.facts import DenialReason, MemberChange, Threshold
from shared.contracts.message import Command, Part, Reply
from shared.contracts.moments import end_of, in_milliseconds, window_of
from shared.contracts.operating import StoredReply, reply_of

DISPLAY_NAMES: Mapping[LimitType, str] = MappingProxyType(
    {
        "sites": "Sites",
        "users": "Team Users",
        "keywords": "Keywords",
        "ahrefs_queries": "Keyword Research Queries",
    }
)

read_stored = msgspec.json.Decoder(StoredReply).decode


@dataclass(frozen=True, slots=True)
class Unfit:
    """An event about what this account does not have: a dead letter, for nobody waits for a no."""

    about: str


def done(data: Part) -> StoredReply:
    return StoredReply(status="ok", data=data)


def no(error: Error) -> StoredReply:
    return StoredReply(status="error", error=error)


def reply(command: Command, answer: StoredReply, *, replayed: bool = False) -> Reply:
    return reply_of(answer, type(command), command.account_id, command.subject, replayed=replayed)


def again(command: Command, kept: bytes) -> Reply:
    """The first answer, whatever happened since."""
    return reply(command, read_stored(kept), replayed=True)


def limit_row(book: Book, account: Account, limit_type: LimitType) -> said.LimitRow:
    """A limit as it stands, as far as the account's month has come."""
    is_own = account.own_limit(limit_type) is not None
    return row_of(limit_type, book.room(account, limit_type), account.window, is_own)


# Most accounts have few numbers: of many limits nothing is used.
@lru_cache(maxsize=8192)
def row_of(limit_type: LimitType, room: Room, window: str, is_own: bool) -> said.LimitRow:  # noqa: FBT001 - A column.
    is_hard = limit_type in HARD_TYPES
    return said.LimitRow(
        type=limit_type,
        kind="hard" if is_hard else "monthly",
        display_name=DISPLAY_NAMES[limit_type],
        current=room.used,
        held=room.held,
        limit=room.limit,
        remaining=room.available,
        percent=100 * room.used // room.limit if room.limit else None,
        resets_at=None if is_hard else in_milliseconds(end_of(window)),
        over_by=room.over_by,
        override=is_own,
    )


def limit_rows(book: Book, account: Account) -> Sequence[said.LimitRow]:
    return [limit_row(book, account, limit_type) for limit_type in LIMIT_TYPES]


def usage_changed(book: Book, account: Account) -> said.UsageChanged:
    return said.UsageChanged(
        account_id=account.account_id,
        plan_code=account.plan_code,
        status=account.status,
        limits=limit_rows(book, account),
        window=account.window,
        version=account.version,
        at=book.at,
    )


def site_approved(hold: Hold, room: Room) -> said.SiteApproved:
    """The numbers after it; a site that was there before anybody asked holds nothing."""
    return said.SiteApproved(
        hold_id=hold.hold_id,
        current=room.current,
        limit=room.limit,
        available=room.available,
        expires_at=in_milliseconds(hold.expires_at),
    )


def hold_granted(hold: Hold, room: Room) -> said.HoldGranted:
    is_hard = hold.limit_type in HARD_TYPES
    return said.HoldGranted(
        request_id=hold.request_id,
        hold_id=hold.hold_id,
        requested=hold.requested,
        granted=hold.granted,
        current=room.current,
        limit=room.limit,
        available=room.available,
        window=window_of(hold.created_at),
        resets_at=None if is_hard else in_milliseconds(end_of(hold.window)),
        expires_at=in_milliseconds(hold.expires_at),
    )


def denied(
    command: Command,
    limit_type: LimitType,
    requested: int,
    room: Room,
    reason: DenialReason,
    purpose: str | None,
) -> said.LimitDenied:
    is_known = reason != "plan_unknown"
    return said.LimitDenied(
        account_id=command.account_id,
        limit_type=limit_type,
        request_id=command.subject,
        purpose=purpose,
        requested=requested,
        current=room.current,
        held=room.held,
        limit=room.limit if is_known else None,
        available=room.available if is_known else None,
        reason=reason,
    )


def member(row: Member) -> said.Member:
    """A member as others see him."""
    moments = {
        name: None if at is None else in_milliseconds(at)
        for name in ("invited_at", "expires_at", "accepted_at", "last_seen_at")
        for at in [getattr(row, name)]
    }
    seen = sorted(row.last_seen_sites.items())
    return said.Member(
        member_id=row.member_id,
        invite_id=row.invite_id,
        user_id=row.user_id,
        email=row.email,
        role=row.role,
        site_access=row.site_access,
        state=row.state,
        invited_by=row.invited_by,
        last_seen_sites=[said.SeenSite(site_id=x, at=in_milliseconds(at)) for x, at in seen],
        **moments,
    )


def invited(row: Member, request: said.InviteRequested, account: Account) -> said.TeamInvited:
    assert row.expires_at is not None, "an invitation ends"
    return said.TeamInvited(
        account_id=row.account_id,
        member_id=row.member_id,
        invite_id=request.invite_id,
        email=row.email,
        role=request.role,
        site_access=row.site_access,
        invited_by=row.invited_by or "",
        expires_at=in_milliseconds(row.expires_at),
        account_name=account.name,
    )


def member_changed(
    row: Member, change: MemberChange, previous: said.MemberRole | None = None
) -> said.MemberChanged:
    return said.MemberChanged(
        account_id=row.account_id, member=member(row), change=change, previous_role=previous
    )


def override_updated(
    book: Book, account: Account, limit_type: LimitType, row: Override
) -> StoredReply:
    now = limit_row(book, account, limit_type)
    return done(said.OverrideUpdated(row=now, version=row.version))


def window_opened(account: Account) -> said.WindowOpened:
    return said.WindowOpened(
        account_id=account.account_id,
        window=account.window,
        resets_at=in_milliseconds(end_of(account.window)),
        version=account.version,
    )


def overage_item(limit_type: LimitType, room: Room) -> said.OverageItem:
    return said.OverageItem(type=limit_type, used=room.used, limit=room.limit, over_by=room.over_by)


def threshold_reached(
    account: Account, limit_type: LimitType, room: Room, threshold: Threshold
) -> said.ThresholdReached:
    assert room.limit is not None, "a share of a limit that there is"
    return said.ThresholdReached(
        account_id=account.account_id,
        type=limit_type,
        threshold=threshold,
        used=room.used,
        limit=room.limit,
        window=account.window,
    )
