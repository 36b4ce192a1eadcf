"""Owners of whom something is heard before their account is opened."""

import pytest

from services.limits.domain import Asked
from shared.contracts.limits import InviteReplied, MemberChanged, OwnershipTransferReplied
from shared.contracts.message import Message
from tests.hearing import all_of, only, refused
from tests.limits.making import OWNER, accepted, invite, opened, remove, transfer
from tests.limits.rules.desk import BY_ADMIN, BY_OWNER, Desk, invited
from tests.making import ANN, now_is, on_plan, uuid

BY_ANOTHER = Asked("owner", "eve", "by-eve")


def unopened(plan: str = "growth") -> Desk:
    """An account whose owner nobody has told of."""
    desk = Desk()
    desk.tell(on_plan(plan))
    desk.end_batch()
    return desk


def came(desk: Desk, number: int, name: str) -> str:
    """Somebody whom an admin invited and who came; his member id."""
    member_id = invited(desk.tell(invite(number), asked=BY_ADMIN)).member_id
    desk.tell(accepted(member_id, name))
    return member_id


def owners(desk: Desk) -> list[str | None]:
    return [one.user_id for one in desk.book.team_of(ANN) if one.is_an_owner]


def team(desk: Desk) -> list[tuple[str, str, str | None]]:
    return [(one.role, one.state, one.user_id) for one in desk.book.members.values()]


def test_an_owner_who_came_by_an_invitation_first_owns_the_account_once_it_is_opened() -> None:
    desk = unopened()
    member_id = came(desk, 1, OWNER)

    fact = only(MemberChanged, desk.tell(opened()))

    assert (fact.change, fact.previous_role) == ("ownership", "editor")
    assert (fact.member.member_id, fact.member.role) == (member_id, "owner")
    assert team(desk) == [("owner", "active", OWNER)]
    assert desk.used("users") == (1, 0)
    assert desk.tell(opened()) == []


def test_an_owner_who_was_removed_before_his_account_is_opened_is_seated_anew() -> None:
    desk = unopened()
    desk.tell(remove(came(desk, 1, OWNER)), asked=BY_ADMIN)

    desk.tell(opened())

    assert team(desk) == [("editor", "removed", OWNER), ("owner", "active", OWNER)]
    assert desk.used("users") == (1, 0)


def test_an_owner_who_is_only_invited_is_seated_and_gives_the_second_seat_back() -> None:
    desk = unopened()
    member_id = invited(desk.tell(invite(1), asked=BY_ADMIN)).member_id

    desk.tell(opened(), accepted(member_id, OWNER))

    assert owners(desk) == [OWNER]
    assert desk.used("users") == (1, 0)


@pytest.mark.parametrize("is_here", [True, False])
def test_whoever_opened_an_account_stays_what_he_is_where_somebody_else_owns_it(
    *, is_here: bool
) -> None:
    desk = unopened()
    member_id = came(desk, 1, OWNER)
    desk.tell(invite(2), asked=BY_ANOTHER)
    if not is_here:
        desk.tell(remove(member_id), asked=BY_ANOTHER)

    said = desk.tell(opened())

    assert all_of(MemberChanged, said) == []
    assert owners(desk) == ["eve"]


def test_an_owner_who_has_a_seat_already_asks_for_no_second_one() -> None:
    desk = unopened()
    came(desk, 1, OWNER)

    desk.tell(invite(2), asked=BY_OWNER)
    desk.tell(opened())

    assert owners(desk) == [OWNER]
    assert desk.used("users") == (2, 0)


def untouched(desk: Desk) -> bool:
    """Whether nothing was written about a team."""
    return not desk.book.members and not desk.end_batch()


def test_a_transfer_to_nobody_seats_nobody() -> None:
    desk = unopened()

    assert refused(desk.tell(transfer(1, uuid(404)), asked=BY_OWNER)).code == "not.found"

    assert untouched(desk)


def test_a_transfer_that_is_not_his_to_make_seats_nobody() -> None:
    desk = unopened()
    came(desk, 1, OWNER)
    heir = came(desk, 2, "bert")
    seats = team(desk)
    desk.end_batch()

    assert refused(desk.tell(transfer(1, heir), asked=BY_OWNER)).code == "forbidden"

    assert team(desk) == seats
    assert not desk.end_batch()


def test_an_invitation_under_a_plan_that_nobody_knows_seats_nobody() -> None:
    desk = unopened("gold")

    assert refused(desk.tell(invite(1), asked=BY_OWNER)).code == "unavailable"

    assert untouched(desk)


@pytest.mark.parametrize("status", ["suspended", "cancelled"])
@pytest.mark.parametrize("message", [invite(1), transfer(1, uuid(404))])
def test_nobody_is_seated_in_an_account_at_rest(status: str, message: Message) -> None:
    desk = unopened()
    desk.tell(now_is(status))
    desk.end_batch()

    refused(desk.tell(message, asked=BY_OWNER))

    assert untouched(desk)


def test_an_address_that_is_in_the_team_already_seats_nobody_else() -> None:
    desk = unopened()
    desk.tell(invite(1, "bert@example.com"), asked=BY_ADMIN)

    assert refused(desk.tell(invite(2, "bert@example.com"), asked=BY_OWNER)).code == "conflict"

    assert owners(desk) == []
    assert desk.used("users") == (1, 0)


def test_an_owner_who_hands_over_before_his_account_is_opened_is_seated_first() -> None:
    desk = unopened()
    heir = came(desk, 1, "bert")

    said = desk.tell(transfer(1, heir), asked=BY_OWNER)

    data = only(OwnershipTransferReplied, said).data
    assert data is not None
    assert (data.owner.member_id, data.previous.user_id) == (heir, OWNER)
    assert team(desk) == [("owner", "active", "bert"), ("admin", "active", OWNER)]


def test_an_owner_is_seated_first_where_his_invitation_finds_no_room() -> None:
    desk = unopened("free")

    reply = only(InviteReplied, desk.tell(invite(1), asked=BY_OWNER))

    assert reply.error is not None
    assert (reply.error.code, reply.error.current) == ("limit.reached", 1)
    assert owners(desk) == [OWNER]
