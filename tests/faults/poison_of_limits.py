"""Wishes, sites, seats and keywords that no careful client sends, and what must become of each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias
from uuid import uuid4

from shared.contracts.limits import (
    HoldConfirmed,
    HoldRequested,
    InviteAccepted,
    InviteRequested,
    KeywordDeleted,
    MemberSeen,
    OverrideUpdateRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
)
from shared.contracts.message import Message, encode
from shared.contracts.operating import AlertReadRequested
from shared.contracts.types import Json, Role
from tests.faults import poison
from tests.faults.poison import THIRTY_DIGITS, Oddity, Poison, token_of, with_fields, with_text
from tests.faults.scene import NUMBERS
from tests.limits import making
from tests.making import now_is, on_plan, uuid

Good: TypeAlias = Mapping[type[Message], Message]
Wrong: TypeAlias = Mapping[str, tuple[type[Message], dict[str, Json]]]

LONG_AGO = "2026-01-10T08:00:00Z"


class Victim(NamedTuple):
    """An account with one hold, and the hold of somebody else."""

    account: str
    hold: str
    granted: int
    another: str
    anothers_hold: str


def wish(account: str) -> HoldRequested:
    return making.asks_for(next(NUMBERS), 1, account=account)


def good_ones(account: str) -> Good:
    """One of each topic, about things that nobody else knows."""
    member, number = str(uuid4()), next(NUMBERS)
    alerts = AlertReadRequested(account_id=account, source="limits", alert_ids=[uuid(1)])
    said: Sequence[Message] = [
        on_plan("starter", account),
        now_is("active", account),
        making.opened(account),
        making.override("keywords", 5, account=account),
        making.asks_for_site(number, account),
        making.site_made(number, account),
        making.site_failed(account, request_id=uuid(number)),
        making.site_gone(number, account),
        making.invite(number, account=account),
        making.accepted(member, "ben", account),
        making.ended(member, account),
        making.remove(member, account),
        making.role(member, "viewer", account),
        making.transfer(number, member, account),
        making.seen("ben", LONG_AGO, account=account),
        wish(account),
        making.confirmed(member, 1, account),
        making.released(member, account),
        making.keywords_gone(number, account=account),
        alerts,
    ]
    return {type(message): message for message in said}


def every_kind(victim: Victim, environment: Mapping[str, str]) -> list[Poison]:
    account, good = victim.account, good_ones(victim.account)
    site = good[SiteCreationRequested]
    return [
        *poison.unreadable(good[HoldRequested], b"purpose", b"quantity"),
        *poison.misnamed(good[HoldRequested]),
        *poison.truncated(account, [*good.values(), making.plan_now("starter")]),
        *poison.foreign(account, victim.another, [*good.values()]),
        *wrong_events(account, good),
        *wrong_wishes(good[HoldRequested]),
        *wrong_commands(account, good, environment),
        *poison.strangers(site, victim.another, "owner", "editor", environment),
        *uninvited(account, good, environment),
        *impossible(victim, environment),
    ]


def wrong_events(account: str, good: Good) -> list[Poison]:
    """Nobody waits for an answer to them."""
    keyword: Json = uuid(1)
    wrong: Wrong = {
        "less than nothing confirmed": (HoldConfirmed, {"quantity": -1}),
        "half a keyword confirmed": (HoldConfirmed, {"quantity": 0.5}),
        "101 things confirmed": (HoldConfirmed, {"resources": [keyword] * 101}),
        "no keywords deleted": (KeywordDeleted, {"keyword_ids": []}),
        "1,001 keywords deleted": (KeywordDeleted, {"keyword_ids": [keyword] * 1_001}),
        "a keyword without an id": (KeywordDeleted, {"keyword_ids": ["shoes"]}),
        "a site without an id": (SiteCreated, {"site_id": None}),
        "a site that nobody asked for failed": (SiteCreationFailed, {"request_id": None}),
        "accepted by NUL": (InviteAccepted, {"user_id": "a\x00b"}),
        "seen sometime": (MemberSeen, {"at": "yesterday"}),
    }
    values = {name: with_fields(good[kind], **said) for name, (kind, said) in wrong.items()}
    topics = {name: kind.topic for name, (kind, _) in wrong.items()}
    endless = "30 digits confirmed"
    values[endless] = with_text(good[HoldConfirmed], b'"quantity":' + THIRTY_DIGITS)
    topics[endless] = HoldConfirmed.topic
    return [Poison(name, account, topics[name], x, "invalid") for name, x in values.items()]


def wrong_wishes(good: Message) -> list[Poison]:
    """Who asks is told which field to mend."""
    account = poison.owner_of(good)
    values: dict[str, tuple[bytes, str]] = {
        "nothing wished": (with_fields(good, quantity=0), "quantity"),
        "less than nothing wished": (with_fields(good, quantity=-5), "quantity"),
        "half a keyword wished": (with_fields(good, quantity=1.5), "quantity"),
        "a million and one wished": (with_fields(good, quantity=1_000_001), "quantity"),
        "30 digits wished": (with_text(good, b'"quantity":' + THIRTY_DIGITS), "quantity"),
        "beyond a double": (with_text(good, b'"ttl_s":1e999'), "ttl_s"),
        "held for ever": (with_fields(good, ttl_s=7_201), "ttl_s"),
        "an unknown limit": (with_fields(good, limit_type="telepathy"), "limit_type"),
        "a purpose of NUL": (with_fields(good, purpose="a\x00b"), "purpose"),
        "another tenant's id": (with_fields(good, account_id=str(uuid4())), "account_id"),
        "no account": (with_fields(good, account_id=None), "account_id"),
        "no id": (with_fields(good, request_id="x" * 1000), "request_id"),
        "null": (b"null", ""),
        "a number": (b"7", ""),
    }
    return [
        Poison(name, account, good.topic, value, "invalid", [path])
        for name, (value, path) in values.items()
    ]


def wrong_commands(account: str, good: Good, environment: Mapping[str, str]) -> list[Poison]:
    """The same, of those who may."""
    token = [token_of(account, "developer", environment)]
    wrong: Mapping[str, tuple[type[Message], dict[str, Json], str]] = {
        "a site without a name": (SiteCreationRequested, {"site_name": " "}, "site_name"),
        "a site of 201 letters": (SiteCreationRequested, {"site_name": "a" * 201}, "site_name"),
        "nobody invited": (InviteRequested, {"email": "nobody"}, "email"),
        "an owner invited": (InviteRequested, {"role": "owner"}, "role"),
        "a developer invited": (InviteRequested, {"role": "developer"}, "role"),
        "a limit below nothing": (OverrideUpdateRequested, {"limit": -1}, "limit"),
        "a limit of 2^53": (OverrideUpdateRequested, {"limit": 2**53}, "limit"),
        "a limit that is cleared": (OverrideUpdateRequested, {"clear": True}, "clear"),
        "a limit without a reason": (OverrideUpdateRequested, {"reason": " "}, "reason"),
    }
    return [
        Poison(name, account, kind.topic, with_fields(good[kind], **said), "invalid", [path], token)
        for name, (kind, said, path) in wrong.items()
    ]


def uninvited(account: str, good: Good, environment: Mapping[str, str]) -> list[Poison]:
    """Whose role is not enough, or too much: room is held for services, never for people."""
    told: Sequence[tuple[type[Message], Role | None]] = [
        (HoldRequested, "owner"),
        (OverrideUpdateRequested, "owner"),
        (InviteRequested, "editor"),
        (SiteCreationRequested, None),
    ]
    return [
        Poison(
            f"{kind.topic} by {role}",
            account,
            kind.topic,
            encode(good[kind]),
            "forbidden",
            (),
            [token_of(account, role, environment)] if role else (),
        )
        for kind, role in told
    ]


def impossible(victim: Victim, environment: Mapping[str, str]) -> list[Poison]:
    """What can be read and cannot be: for want of room, or of what it is about."""
    account, number = victim.account, next(NUMBERS)
    too_many = making.asks_for(number, 1_000_000, account=account)
    research = making.asks_for(next(NUMBERS), 1, "ahrefs_queries", account)
    nobody = making.remove(str(uuid4()), account)
    answered: Mapping[str, tuple[Message, str, Role | None]] = {
        "a million wished": (too_many, "limit.reached", None),
        "research on Free": (research, "feature.not.included", None),
        "nobody removed": (nobody, "not.found", "owner"),
    }
    dead: Mapping[str, Message] = {
        "more confirmed than granted": making.confirmed(victim.hold, victim.granted + 1, account),
        "another's hold confirmed": making.confirmed(victim.anothers_hold, 1, account),
        "another's hold released": making.released(victim.anothers_hold, account),
        "nobody accepted": making.accepted(str(uuid4()), "ben", account),
        "nobody expired": making.ended(str(uuid4()), account),
    }
    return [
        *(
            Poison(
                name,
                account,
                said.topic,
                encode(said),
                code,
                (),
                [token_of(account, role, environment)] if role else (),
            )
            for name, (said, code, role) in answered.items()
        ),
        *(Poison(name, account, x.topic, encode(x), "invalid") for name, x in dead.items()),
    ]


def oddities(account: str) -> list[Oddity]:
    def make(number: int) -> HoldRequested:
        return making.asks_for(number, 1, account=account)

    return poison.odd_requests(make, b'"ttl_s":30,"ttl_s":600')
