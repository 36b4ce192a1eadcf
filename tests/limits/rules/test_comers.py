"""Who comes, goes and comes again: seats, roles and moments of people who were here before."""

from datetime import timedelta

from services.limits.domain import InvitationDue
from shared.contracts.limits import InviteReplied, MemberChanged, MemberRemoveReplied
from tests.hearing import only, refused
from tests.limits.making import OWNER, accepted, ended, invite, opened, remove, role, seen
from tests.limits.rules.desk import BY_ADMIN, BY_OWNER, NOON, Desk, desk_on, invited
from tests.making import ANN, BOB, on_plan, plan_is, spelt_out, uuid

EARLY, LATE = "2026-01-10T08:00:00.000Z", "2026-01-11T08:00:00.000Z"


def joined(desk: Desk, number: int, name: str) -> str:
    """Somebody who was invited and came; the member id."""
    member = invited(desk.tell(invite(number, f"{name}@example.com"), asked=BY_ADMIN)).member_id
    desk.tell(accepted(member, name))
    return member


def test_an_invitation_is_the_same_however_its_address_and_its_defaults_are_written() -> None:
    desk = desk_on("growth")
    desk.tell(invite(1, "Bert@Example.com"), asked=BY_ADMIN)

    for again in (invite(1, "bert@example.COM"), spelt_out(invite(1, "Bert@Example.com"))):
        assert only(InviteReplied, desk.tell(again, asked=BY_ADMIN)).replayed
    other = desk.tell(invite(1, "berta@example.com"), asked=BY_ADMIN)
    assert refused(other).code == "conflict"


def test_whoever_left_may_be_invited_again_and_is_another_member() -> None:
    desk = desk_on("growth")
    first = joined(desk, 1, "bert")
    desk.tell(remove(first), asked=BY_ADMIN)

    second = joined(desk, 2, "bert")

    assert second != first
    assert desk.used("users") == (2, 0)
    assert refused(desk.tell(role(first, "admin"), asked=BY_ADMIN)).code == "not.found"


def test_an_invitation_that_has_ended_can_be_sent_anew() -> None:
    desk = desk_on("growth")
    desk.tell(invite(1, "bert@example.com"), asked=BY_ADMIN)
    desk.until(NOON + timedelta(days=7))

    assert invited(desk.tell(invite(2, "bert@example.com"), asked=BY_ADMIN)).current == 2


def test_an_address_that_was_refused_stays_refused_under_its_id() -> None:
    desk = desk_on("growth")
    member = joined(desk, 1, "bert")
    assert refused(desk.tell(invite(2, "bert@example.com"), asked=BY_ADMIN)).code == "conflict"
    desk.tell(remove(member), asked=BY_ADMIN)

    again = only(InviteReplied, desk.tell(invite(2, "bert@example.com"), asked=BY_ADMIN))

    assert (again.status, again.replayed) == ("error", True)


def test_a_no_to_a_removal_is_not_kept() -> None:
    desk = desk_on("growth")
    owner = next(iter(desk.book.members.values())).member_id
    assert refused(desk.tell(remove(owner), asked=BY_OWNER)).code == "conflict"
    desk.tell(role(joined(desk, 1, "bert"), "owner"), asked=BY_OWNER)

    assert only(MemberRemoveReplied, desk.tell(remove(owner), asked=BY_OWNER)).status == "ok"


def test_whoever_has_left_is_not_removed_once_more() -> None:
    desk = desk_on("growth")
    member = invited(desk.tell(invite(1), asked=BY_ADMIN)).member_id
    desk.tell(ended(member))

    error = refused(desk.tell(remove(member), asked=BY_ADMIN))

    assert (error.code, error.state) == ("conflict", "removed")
    assert desk.used("users") == (1, 0)


def test_each_site_has_the_latest_moment_of_its_own() -> None:
    desk = desk_on("growth")
    member = joined(desk, 1, "bert")

    desk.tell(
        seen("bert", LATE, site=11),
        seen("bert", EARLY, site=12),
        seen("bert", EARLY, site=11),
    )

    bert = desk.book.members[ANN, member]
    at = {site: f"{moment:%d}" for site, moment in bert.last_seen_sites.items()}
    assert at == {uuid(11): "11", uuid(12): "10"}
    assert bert.last_seen_at is not None
    assert f"{bert.last_seen_at:%d}" == "11"


def test_whoever_comes_just_before_the_sweep_keeps_the_seat() -> None:
    desk = desk_on("growth")
    member = invited(desk.tell(invite(1), asked=BY_ADMIN)).member_id
    desk.end_batch(timedelta(days=7))

    fact = only(MemberChanged, desk.tell(accepted(member, "bert")))

    assert fact.change == "accepted"
    assert desk.tell(InvitationDue(ANN, member)) == []
    assert desk.used("users") == (2, 0)


def test_an_invitation_under_a_plan_that_nobody_knows_leaves_its_id_free() -> None:
    desk = desk_on("growth")
    desk.tell(on_plan("gold", version=2))
    assert refused(desk.tell(invite(1), asked=BY_ADMIN)).code == "unavailable"

    desk.tell(plan_is("gold", 1, max_users=2))

    assert invited(desk.tell(invite(1), asked=BY_ADMIN)).current == 2


def test_whoever_is_in_two_teams_was_seen_in_the_one_that_is_named() -> None:
    desk = desk_on("growth")
    desk.tell(opened(BOB))

    desk.tell(seen(OWNER, EARLY, site=11, account=BOB))

    when = {one.account_id: one.last_seen_at is None for one in desk.book.members.values()}
    assert when == {ANN: True, BOB: False}
