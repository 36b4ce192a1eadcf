"""Seats: invited, taken, given back; owners; and when somebody was last seen."""

from datetime import timedelta

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from services.limits.book import Member
from services.limits.domain import Asked, InvitationDue, Unfit
from shared.contracts.limits import (
    InviteReplied,
    MemberChanged,
    MemberRemoveReplied,
    OwnershipTransferReplied,
    RoleChangeReplied,
    TeamInvited,
)
from shared.contracts.message import encode
from shared.contracts.operating import AuditRecorded
from tests.hearing import all_of, only, refused
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    ended,
    invite,
    opened,
    remove,
    role,
    seen,
    transfer,
)
from tests.limits.rules.desk import (
    BY_ADMIN,
    BY_DEVELOPER,
    BY_OWNER,
    NOON,
    Desk,
    desk_on,
    invited,
)
from tests.making import ANN, BOB, now_is, on_plan


def owner_of(desk: Desk) -> Member:
    (owner,) = [one for one in desk.book.team_of(ANN) if one.role == "owner"]
    return owner


def hired(desk: Desk, number: int, name: str) -> str:
    """Invite somebody who comes; his member id."""
    member_id = invited(desk.tell(invite(number), asked=BY_ADMIN)).member_id
    desk.tell(accepted(member_id, name))
    return member_id


def test_the_owner_is_the_first_seat_and_is_seated_once() -> None:
    desk = desk_on("starter")

    desk.tell(opened(), opened())

    assert desk.used("users") == (1, 0)
    assert (owner_of(desk).user_id, owner_of(desk).email) == (OWNER, "ann@example.com")


def test_an_owner_who_invites_before_the_account_is_opened_is_seated_first() -> None:
    desk = Desk()
    desk.tell(on_plan("starter"))

    said = desk.tell(invite(1), asked=BY_OWNER)

    assert invited(said).current == 2
    desk.tell(opened())
    assert desk.used("users") == (2, 0)
    assert owner_of(desk).email == "ann@example.com"


def test_whoever_is_invited_hears_where_and_by_whom() -> None:
    said = desk_on("starter").tell(invite(1, "Bert@Example.com"), asked=BY_ADMIN)

    fact = only(TeamInvited, said)
    assert (fact.email, fact.invited_by, fact.account_name) == ("bert@example.com", "anna", "Ann")
    assert fact.expires_at == "2026-01-22T12:00:00.000Z"


def test_an_address_has_one_seat() -> None:
    desk = desk_on("scale")
    desk.tell(invite(1, "bert@example.com"), asked=BY_OWNER)

    error = refused(desk.tell(invite(2, "BERT@example.com"), asked=BY_OWNER))

    assert (error.code, error.kind, error.state) == ("conflict", "member", "invited")
    assert refused(desk.tell(invite(3, "ann@example.com"), asked=BY_OWNER)).state == "active"


def test_the_same_invitation_twice_is_one_seat() -> None:
    desk = desk_on("starter")
    first = invited(desk.tell(invite(1), asked=BY_OWNER))

    again = only(InviteReplied, desk.tell(invite(1), asked=BY_OWNER))

    assert again.replayed
    assert to_builtins(again.data)["member_id"] == first.member_id
    assert refused(desk.tell(invite(1, "other@example.com"), asked=BY_OWNER)).code == "conflict"
    assert desk.used("users") == (2, 0)


def test_a_hold_for_users_and_an_invitation_share_the_seats() -> None:
    desk = desk_on("growth")
    desk.tell(asks_for(1, 2, "users"))

    assert refused(desk.tell(invite(1), asked=BY_OWNER)).held == 2


def test_whoever_comes_keeps_the_seat_and_whoever_comes_too_late_has_none() -> None:
    desk = desk_on("starter")
    member = invited(desk.tell(invite(1), asked=BY_OWNER)).member_id

    fact = only(MemberChanged, desk.tell(accepted(member, "bert")))

    assert (fact.change, fact.member.state, fact.member.user_id) == ("accepted", "active", "bert")
    assert desk.tell(ended(member), accepted(member, "carl")) == []
    desk.tell(remove(member), asked=BY_OWNER)
    late = invited(desk.tell(invite(2), asked=BY_OWNER)).member_id
    desk.until(NOON + timedelta(days=7))
    assert desk.tell(accepted(late, "carl")) == []
    assert desk.used("users") == (1, 0)


def test_an_invitation_is_open_until_its_time_has_passed() -> None:
    desk = desk_on("starter")
    member = invited(desk.tell(invite(1), asked=BY_OWNER)).member_id
    desk.end_batch(timedelta(days=7, milliseconds=-1))

    assert desk.tell(InvitationDue(ANN, member)) == []
    assert desk.used("users") == (2, 0)


def test_whoever_has_a_seat_already_gives_the_second_one_back() -> None:
    desk = desk_on("starter")
    member = invited(desk.tell(invite(1), asked=BY_OWNER)).member_id

    fact = only(MemberChanged, desk.tell(accepted(member, OWNER)))

    assert (fact.change, fact.member.state) == ("removed", "removed")
    assert desk.used("users") == (1, 0)


def test_a_member_of_somebody_else_is_nobody_here() -> None:
    desk = desk_on("starter")
    member = invited(desk.tell(invite(1), asked=BY_OWNER)).member_id

    assert [type(x) for x in desk.tell(accepted(member, "bert", BOB))] == [Unfit]
    assert refused(desk.tell(remove(member, BOB), asked=BY_OWNER)).code == "not.found"
    assert refused(desk.tell(role(member, "admin", BOB), asked=BY_OWNER)).code == "not.found"
    assert refused(desk.tell(transfer(1, member, BOB), asked=BY_OWNER)).code == "not.found"


def test_a_removed_member_frees_one_seat_once() -> None:
    desk = desk_on("starter")
    member = invited(desk.tell(invite(1), asked=BY_OWNER)).member_id

    said = desk.tell(remove(member), asked=BY_ADMIN)

    assert only(MemberChanged, said).change == "removed"
    audit = only(AuditRecorded, said)
    assert (audit.actor.user_id, audit.object.id) == ("anna", member)
    again = only(MemberRemoveReplied, desk.tell(remove(member), asked=BY_ADMIN))
    assert (again.replayed, to_builtins(again.data)["current"]) == (True, 1)
    assert desk.used("users") == (1, 0)


@pytest.mark.parametrize("asked", [BY_ADMIN, BY_DEVELOPER])
def test_what_is_an_owners_is_not_anybody_elses(asked: Asked) -> None:
    desk = desk_on("growth")
    member = hired(desk, 1, "bert")

    for message in (
        remove(owner_of(desk).member_id),
        role(owner_of(desk).member_id, "admin"),
        role(member, "owner"),
    ):
        assert refused(desk.tell(message, asked=asked)).roles == ["owner"]


def test_an_owner_makes_another_and_may_go_then() -> None:
    desk = desk_on("growth")
    first, second = owner_of(desk), hired(desk, 1, "bert")
    assert refused(desk.tell(role(first.member_id, "admin"), asked=BY_OWNER)).code == "conflict"

    said = desk.tell(role(second, "owner"), asked=BY_OWNER)

    fact = only(MemberChanged, said)
    assert (fact.change, fact.previous_role, fact.member.role) == ("role", "editor", "owner")
    assert only(MemberRemoveReplied, desk.tell(remove(first.member_id), asked=BY_OWNER)).data
    assert owner_of(desk).member_id == second


def test_a_role_comes_and_goes_and_who_has_it_already_is_told_so() -> None:
    desk = desk_on("growth")
    member = hired(desk, 1, "bert")

    changes = [
        only(RoleChangeReplied, desk.tell(role(member, name), asked=BY_ADMIN))
        for name in ("admin", "admin", "editor", "admin")
    ]

    assert [reply.replayed for reply in changes] == [False, True, False, False]
    error = refused(desk.tell(role(member, "viewer", expected_role="editor"), asked=BY_ADMIN))
    assert (error.code, error.state) == ("conflict", "admin")


def test_a_change_of_a_role_is_answered_the_same_while_it_stands() -> None:
    desk = desk_on("growth")
    member = hired(desk, 1, "bert")
    change = role(member, "admin", expected_role="editor")
    first = only(RoleChangeReplied, desk.tell(change, asked=BY_ADMIN))
    desk.tell(seen("bert", "2026-01-15T11:00:00.000Z"))

    (again,) = desk.tell(change, asked=BY_ADMIN)
    other = only(RoleChangeReplied, desk.tell(role(member, "admin"), asked=BY_ADMIN))

    assert isinstance(again, RoleChangeReplied)
    assert encode(again) == encode(replace(first, replayed=True))
    assert other.data is not None
    assert other.data.member.last_seen_at == "2026-01-15T11:00:00.000Z"
    desk.tell(role(member, "viewer"), asked=BY_ADMIN)
    assert refused(desk.tell(change, asked=BY_ADMIN)).state == "viewer"


def test_nobody_who_is_only_invited_owns_anything() -> None:
    desk = desk_on("growth")
    member = invited(desk.tell(invite(1), asked=BY_OWNER)).member_id

    assert refused(desk.tell(role(member, "owner"), asked=BY_OWNER)).state == "invited"
    assert refused(desk.tell(transfer(1, member), asked=BY_OWNER)).state == "invited"


def test_ownership_goes_over_and_whoever_gave_it_is_an_admin() -> None:
    desk = desk_on("growth")
    first, heir = owner_of(desk), hired(desk, 1, "bert")

    said = desk.tell(transfer(1, heir), asked=BY_OWNER)

    reply = only(OwnershipTransferReplied, said)
    assert reply.data is not None
    assert (reply.data.owner.member_id, reply.data.previous.role) == (heir, "admin")
    assert [fact.change for fact in all_of(MemberChanged, said)] == ["ownership", "ownership"]
    assert only(OwnershipTransferReplied, desk.tell(transfer(1, heir), asked=BY_OWNER)).replayed
    again = desk.tell(transfer(2, first.member_id), asked=BY_OWNER)
    assert refused(again).code == "forbidden"


def test_a_suspended_account_loses_members_and_gets_none_a_cancelled_one_neither() -> None:
    desk = desk_on("growth")
    first, second = hired(desk, 1, "bert"), hired(desk, 2, "carl")
    desk.tell(now_is("suspended"))

    assert refused(desk.tell(invite(3), asked=BY_OWNER)).code == "account.suspended"
    assert only(MemberRemoveReplied, desk.tell(remove(first), asked=BY_OWNER)).data
    assert only(RoleChangeReplied, desk.tell(role(second, "viewer"), asked=BY_OWNER)).data
    desk.tell(now_is("cancelled", version=2))
    assert refused(desk.tell(remove(second), asked=BY_OWNER)).code == "account.cancelled"
    assert refused(desk.tell(transfer(1, second), asked=BY_OWNER)).code == "account.cancelled"


def test_the_latest_moment_counts_and_none_that_is_to_come() -> None:
    desk = desk_on("starter")

    desk.tell(
        seen(OWNER, "2026-01-15T11:00:00.000Z", site=11),
        seen(OWNER, "2026-01-15T10:00:00.000Z", site=11),
        seen(OWNER, "2031-01-01T00:00:00.000Z"),
        seen("nobody", "2026-01-15T11:00:00.000Z"),
    )

    owner = owner_of(desk)
    assert owner.last_seen_at == NOON
    assert [f"{at:%H:%M}" for at in owner.last_seen_sites.values()] == ["11:00"]
