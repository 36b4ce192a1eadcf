"""What is compared: what limits says, in few words, without the ids that it makes up itself."""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from msgspec import convert

from shared.contracts.errors import Error
from shared.contracts.limits import (
    HoldGranted,
    Invited,
    LimitDenied,
    LimitRow,
    Member,
    MemberChanged,
    OverageCleared,
    OverageDetected,
    OverrideUpdated,
    OwnershipTransferred,
    Removed,
    RoleChanged,
    SiteApproved,
    TeamInvited,
    ThresholdReached,
    UsageChanged,
    WindowOpened,
)
from shared.contracts.message import Message, Reply
from shared.contracts.operating import AlertRaised, AuditRecorded
from shared.contracts.types import Json

Words: TypeAlias = tuple[object, ...]


class Answer(NamedTuple):
    """A reply: ok, partial or the code of its error, and the numbers with it."""

    code: str
    numbers: Words = ()
    again: bool = False


class Fact(NamedTuple):
    """What everybody hears."""

    topic: str
    words: Words


class Warned(NamedTuple):
    """An alert."""

    kind: str
    about: str
    threshold: int | None
    severity: str
    numbers: Words


class Dead(NamedTuple):
    """A record that is set aside."""

    about: str


class State(NamedTuple):
    """An account as it is announced; `rows`: used, held, limit and over_by of each type."""

    plan: str
    status: str
    window: str
    rows: tuple[tuple[int, int, int | None, int], ...]


Seen: TypeAlias = Answer | Fact | Warned | Dead

PERSON = ("role", "state", "email", "user_id", "site_access")


def seen(said: Iterable[object]) -> list[Seen]:
    """All that was said, in its order."""
    return [one_seen(one) for one in said]


def one_seen(one: object) -> Seen:
    match one:
        case Reply():
            return answer(one)
        case AlertRaised():
            about, numbers = one.about, (one.data["used"], one.data["limit"])
            return Warned(one.kind, about, one.threshold, one.severity, numbers)
        case AuditRecorded():
            return Fact(one.topic, (one.action, one.actor.user_id, one.object.type))
        case Message():
            return Fact(one.topic, words_of(one))
    return Dead("unfit")


def words_of(fact: Message) -> Words:
    """What is told by a fact, but for versions and names of holds and members."""
    match fact:
        case LimitDenied():
            room = fact.current, fact.held, fact.limit, fact.available
            return fact.limit_type, fact.request_id, fact.requested, fact.reason, *room
        case ThresholdReached():
            return fact.type, fact.threshold, fact.used, fact.limit, fact.window
        case WindowOpened():
            return fact.window, fact.resets_at
        case OverageDetected() | OverageCleared():
            return tuple((x.type, x.used, x.limit, x.over_by) for x in fact.items)
        case TeamInvited():
            return fact.invite_id, fact.email, fact.role, fact.invited_by, fact.expires_at
        case MemberChanged():
            return fact.change, fact.previous_role, person(fact.member)
    raise AssertionError(fact)


def answer(reply: Reply) -> Answer:
    if reply.error is not None:
        return Answer(reply.error.code, why(reply.error), reply.replayed)
    data = reply.data if isinstance(reply.data, dict) else fields_of(reply.data)
    return Answer(reply.status, numbers_in(data), reply.replayed)


def fields_of(data: Json) -> dict[str, Json]:
    """The data of a reply as JSON says it."""
    match data:
        case HoldGranted() | SiteApproved() | Invited():
            names = ("current", "limit", "available", "granted", "window", "expires_at")
            return {name: getattr(data, name, None) for name in names}
        case Removed():
            return {"member": data.member, "current": data.current, "limit": data.limit}
        case RoleChanged():
            return {"member": data.member}
        case OwnershipTransferred():
            return {"owner": data.owner, "previous": data.previous}
        case OverrideUpdated():
            return {"row": data.row, "version": data.version}
    raise AssertionError(data)


def numbers_in(data: dict[str, Json]) -> Words:
    """In one form, whether it was just said or read back."""
    if "owner" in data:
        return person(data["owner"]), person(data["previous"])
    if "row" in data:
        return row(data["row"]), data["version"]
    if "member" in data:
        return person(data["member"]), data.get("current"), data.get("limit")
    names = ("current", "limit", "available", "granted", "window", "expires_at")
    return tuple(data.get(name) for name in names)


def person(member: Member | dict[str, Json]) -> Words:
    said = member if isinstance(member, dict) else {x: getattr(member, x) for x in PERSON}
    return tuple(tuple(said.get(x) or ()) if x == "site_access" else said.get(x) for x in PERSON)


def row(said: LimitRow | dict[str, Json]) -> tuple[int, int, int | None, int]:
    limit = convert(said, LimitRow) if isinstance(said, dict) else said
    return limit.current, limit.held, limit.limit, limit.over_by


def why(error: Error) -> Words:
    """What an error says beside its code."""
    match error.code:
        case "limit.reached":
            room = error.current, error.held, error.limit, error.requested, error.available
            return error.limit_type, *room, error.over_by, error.resets_at, *way_up(error)
        case "feature.not.included":
            return error.limit_type, error.plan_code, *way_up(error)
        case "conflict":
            return error.kind, error.state, error.version
        case "forbidden":
            return tuple(error.roles or ())
        case "not.found":
            return (error.kind,)
    return ()


def way_up(error: Error) -> Words:
    """The plan that is named, with its number; or who is to be asked instead."""
    found = list[Words]()
    for one in error.suggestions:
        if one.kind == "upgrade_plan":
            found.append((one.plan_code, one.limit))
        elif one.kind == "contact_support":
            found.append(("support",))
    assert len(found) <= 1, "either a plan helps, or support does"
    return found[0] if found else ()


def state(said: UsageChanged) -> State:
    return State(said.plan_code, said.status, said.window, tuple(row(x) for x in said.limits))
