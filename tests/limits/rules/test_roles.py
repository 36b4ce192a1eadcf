"""Roles and sites of members: what a change leaves as it was, and what one hears of it."""

from shared.contracts.limits import MemberChanged, RoleChangeReplied
from tests.hearing import all_of, only, refused
from tests.limits.making import accepted, invite, remove, role
from tests.limits.rules.desk import BY_ADMIN, BY_OWNER, Desk, desk_on, invited
from tests.making import now_is, uuid

FIRST, SECOND = uuid(11), uuid(12)


def team() -> tuple[Desk, str]:
    """A team with an editor of two sites; his member id."""
    desk = desk_on("growth")
    asked = invite(1, site_access=[FIRST, SECOND])
    member = invited(desk.tell(asked, asked=BY_ADMIN)).member_id
    desk.tell(accepted(member, "bert"))
    return desk, member


def test_another_role_leaves_the_sites_as_they_are() -> None:
    desk, member = team()

    fact = only(MemberChanged, desk.tell(role(member, "viewer"), asked=BY_ADMIN))

    assert (fact.member.role, list(fact.member.site_access)) == ("viewer", [FIRST, SECOND])


def test_other_sites_leave_the_role_as_it_is_and_none_are_all_of_them() -> None:
    desk, member = team()

    said = desk.tell(role(member, "editor", site_access=[]), asked=BY_ADMIN)

    fact = only(MemberChanged, said)
    assert (fact.previous_role, fact.member.role, fact.member.site_access) == (
        "editor",
        "editor",
        (),
    )


def test_the_same_sites_in_another_order_are_no_change() -> None:
    desk, member = team()

    said = desk.tell(role(member, "editor", site_access=[SECOND, FIRST]), asked=BY_ADMIN)

    assert only(RoleChangeReplied, said).replayed
    assert all_of(MemberChanged, said) == []


def test_of_whoever_is_removed_one_hears_what_he_was() -> None:
    desk, member = team()

    fact = only(MemberChanged, desk.tell(remove(member), asked=BY_ADMIN))

    assert (fact.change, fact.previous_role, fact.member.state) == ("removed", "editor", "removed")


def test_a_closed_account_changes_no_roles() -> None:
    desk, member = team()
    desk.tell(now_is("cancelled"))

    assert refused(desk.tell(role(member, "viewer"), asked=BY_OWNER)).code == "account.cancelled"


def test_a_role_of_somebody_who_has_left_since_is_not_answered_as_at_first() -> None:
    desk, member = team()
    assert only(RoleChangeReplied, desk.tell(role(member, "viewer"), asked=BY_ADMIN)).data
    desk.tell(remove(member), asked=BY_ADMIN)

    assert refused(desk.tell(role(member, "viewer"), asked=BY_ADMIN)).code == "not.found"
