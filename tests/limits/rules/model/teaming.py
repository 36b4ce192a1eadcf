"""The team: invitations, roles, owners."""

from datetime import timedelta

from msgspec import to_builtins

from shared.asked import Asked
from shared.contracts.invoicing import AccountOpened
from shared.contracts.limits import (
    InviteAccepted,
    InviteExpired,
    InviteRequested,
    MemberRemoveRequested,
    OwnershipTransferRequested,
    RoleChangeRequested,
)
from shared.contracts.message import Message
from shared.contracts.types import JsonObject
from tests.limits.rules.model.room import STOPS, denied, no, refusal
from tests.limits.rules.model.world import USERS, Customer, Person, World, wire
from tests.limits.rules.seen import Answer, Dead, Fact, Seen

OWNERS_ONLY = Answer("forbidden", ("owner",))
NOBODY = Answer("not.found", ("member",))
CLOSED = Answer("account.cancelled")
THE_OWNER = "owner"  # Under which name whoever opened the account sits in its team.


def opened(_: World, one: Customer, said: AccountOpened) -> list[Seen]:
    if one.is_open:
        return []
    one.is_open, email, user = True, (said.owner_email or "").lower(), said.owner_user_id
    here = one.active(user)
    if here is not None:
        here.email = here.email or email
    was_here = any(person.user == user for person in one.team.values())
    if was_here and one.owners():
        return []
    if here is None:
        one.team[THE_OWNER] = Person("owner", "active", email, user)
        return []
    previous, here.role = here.role, "owner"
    return [changed(here, "ownership", previous)]


def sit_down(one: Customer, asked: Asked) -> None:
    """An owner who asks before anybody has said that there is one."""
    is_somebody = one.is_open or one.active(asked.user_id) is not None
    if asked.role == "owner" and not is_somebody and not one.owners():
        one.team[THE_OWNER] = Person("owner", "active", "", asked.user_id)


def before(
    one: Customer, said: InviteRequested | OwnershipTransferRequested, kind: str
) -> Seen | None:
    """What was answered to this id."""
    known = one.answers.get((said.topic, said.subject))
    if known is None:
        return None
    if plain(known[0]) == plain(said):
        return known[1]._replace(again=True)
    state = "done" if known[1].code == "ok" else "refused"
    return Answer("conflict", (kind, state, None))


def plain(said: Message) -> JsonObject:
    """What somebody said, however he wrote the address."""
    words: JsonObject = to_builtins(said)
    return {name: str(word).lower() if name == "email" else word for name, word in words.items()}


def invited(world: World, one: Customer, said: InviteRequested, asked: Asked) -> list[Seen]:
    if (known := before(one, said, "invitation")) is not None:
        return [known]
    email, until = said.email.lower(), wire(world.now + timedelta(days=7))
    same = [person.state for person in one.team.values() if person.sits and person.email == email]
    if one.status[1] not in STOPS and not same and world.is_known(one, USERS):
        sit_down(one, asked)
    reason = refusal(world, one, USERS, 1, less_will_do=False)
    if same and reason not in STOPS:
        answer = Answer("conflict", ("member", same[0], None))
        one.answers[said.topic, said.invite_id] = said, answer
        return [answer]
    if reason:
        answer, fact = no(world, one, USERS, 1, reason), denied(world, one, said, USERS, 1, reason)
        if reason != "plan_unknown":
            one.answers[said.topic, said.invite_id] = said, answer
        return [answer, fact]
    one.team[said.invite_id] = Person(
        said.role,
        "invited",
        email,
        sites=tuple(said.site_access),
        until=world.now + timedelta(days=7),
    )
    current = one.used(USERS) + one.held(USERS)
    answer = Answer("ok", (current, world.limit(one, USERS), None, None, None, until))
    one.answers[said.topic, said.invite_id] = said, answer
    words = said.invite_id, email, said.role, asked.user_id or "", until
    return [answer, Fact("team.invited", words)]


def changed(person: Person, change: str, previous: str | None = None) -> Fact:
    return Fact("team.member.changed", (change, previous, person.words()))


def gone(person: Person, change: str, previous: str | None = None) -> Fact:
    person.state = "removed"
    return changed(person, change, previous)


def accepted(world: World, one: Customer, said: InviteAccepted, _: Asked) -> list[Seen]:
    person = world.person(said.account_id, said.member_id)
    if person is None:
        return [Dead("unfit")]
    if person.state != "invited":
        return []
    if said.user_id is not None and one.active(said.user_id):
        return [gone(person, "removed")]
    person.state, person.user = "active", said.user_id
    return [changed(person, "accepted")]


def expired(world: World, _: Customer, said: InviteExpired, __: Asked) -> list[Seen]:
    person = world.person(said.account_id, said.member_id)
    if person is None:
        return [Dead("unfit")]
    return [gone(person, "expired")] if person.state == "invited" else []


def lapsed(world: World, account: str, member_id: str) -> list[Seen]:
    person = world.person(account, member_id)
    is_over = person is not None and person.until is not None and person.until <= world.now
    if person is None or person.state != "invited" or not is_over:
        return []
    return [gone(person, "expired")]


def audited(said: object, asked: Asked, about: str) -> Fact:
    return Fact("audit.recorded", (getattr(said, "topic", ""), asked.user_id, about))


def first(*pairs: tuple[bool, Answer]) -> Answer | None:
    """The first answer whose time has come."""
    return next((answer for is_so, answer in pairs if is_so), None)


def removed(world: World, one: Customer, said: MemberRemoveRequested, asked: Asked) -> list[Seen]:
    person = world.person(said.account_id, said.member_id)
    if (known := one.answers.get((said.topic, said.member_id))) is not None:
        return [known[1]._replace(again=True)]
    answer = first(
        (one.status[1] == "cancelled", CLOSED),
        (person is None, NOBODY),
        (not (person and person.sits), Answer("conflict", ("member", "removed", None))),
        (bool(person and person.role == "owner" and asked.role != "owner"), OWNERS_ONLY),
        (one.owners() == [person], Answer("conflict", ("member", "active", None))),
    )
    if answer is not None or person is None:
        return [answer or NOBODY]
    fact = gone(person, "removed", person.role)
    seats = one.used(USERS) + one.held(USERS), world.limit(one, USERS)
    answer = Answer("ok", (person.words(), *seats))
    one.answers[said.topic, said.member_id] = said, answer
    return [answer, fact, audited(said, asked, "member")]


def role_changed(
    world: World, one: Customer, said: RoleChangeRequested, asked: Asked
) -> list[Seen]:
    person = world.person(said.account_id, said.member_id)
    if person is None or not person.sits:
        return [CLOSED if one.status[1] == "cancelled" else NOBODY]
    sites = person.sites if said.site_access is None else tuple(said.site_access)
    stands = (said.role, sorted(sites)) == (person.role, sorted(person.sites))
    known = one.answers.get((said.topic, said.member_id))
    if stands and known and known[0] == said:
        return [known[1]._replace(again=True)]
    if one.status[1] == "cancelled":
        return [CLOSED]
    if stands:
        return [role_now(person)._replace(again=True)]
    rises = said.role == "owner"
    falls = not rises and one.owners() == [person]
    answer = first(
        ("owner" in (said.role, person.role) and asked.role != "owner", OWNERS_ONLY),
        (
            said.expected_role not in (None, person.role),
            Answer("conflict", ("member", person.role, None)),
        ),
        (rises and person.state == "invited", Answer("conflict", ("member", "invited", None))),
        (falls, Answer("conflict", ("member", "active", None))),
    )
    if answer is not None:
        return [answer]
    previous, person.role, person.sites = person.role, said.role, sites
    fact = changed(person, "role", previous)
    one.answers[said.topic, said.member_id] = said, role_now(person)
    return [role_now(person), fact, audited(said, asked, "member")]


def role_now(person: Person) -> Answer:
    return Answer("ok", (person.words(), None, None))


def transferred(
    world: World, one: Customer, said: OwnershipTransferRequested, asked: Asked
) -> list[Seen]:
    if (known := before(one, said, "transfer")) is not None:
        return [known]
    heir = world.person(said.account_id, said.member_id)
    if one.status[1] != "cancelled" and heir is not None and heir.sits:
        sit_down(one, asked)
    askers = [person for person in one.team.values() if person.user == asked.user_id]
    owner = next((person for person in askers or one.owners() if person.owns), None)
    answer: Answer | None = None
    if one.status[1] == "cancelled":
        answer = CLOSED
    elif heir is None or not heir.sits:
        return [NOBODY]
    elif owner is None:
        return [OWNERS_ONLY]
    if answer is None and heir is not None and heir.state == "invited":
        answer = Answer("conflict", ("member", "invited", None))
    elif answer is None and heir is owner:
        answer = Answer("conflict", ("member", "owner", None))
    if answer is not None or heir is None or owner is None:
        answer = answer or NOBODY
        one.answers[said.topic, said.request_id] = said, answer
        return [answer]
    previous, heir.role, owner.role = heir.role, "owner", "admin"
    answer = Answer("ok", (heir.words(), owner.words()))
    one.answers[said.topic, said.request_id] = said, answer
    facts = [changed(heir, "ownership", previous), changed(owner, "ownership", "owner")]
    return [answer, *facts, audited(said, asked, "account")]
