"""Whose an account is: seated once, handed over whole, and each account by itself."""

import pytest

from services.limits.domain import Asked
from shared.contracts.limits import InviteReplied, OwnershipTransferReplied
from shared.contracts.operating import AuditRecorded
from tests.hearing import only, refused
from tests.limits.making import OWNER, accepted, invite, opened, remove, transfer
from tests.limits.rules.desk import BY_ADMIN, BY_OWNER, Desk, desk_on, invited
from tests.making import ANN, BOB, on_plan

BY_EVE = Asked("owner", "eve", "by-eve")


def owners(desk: Desk, account: str = ANN) -> list[str | None]:
    return [one.user_id for one in desk.book.team_of(account) if one.is_an_owner]


def with_heir() -> tuple[Desk, str, str]:
    """An account with its owner and somebody else; their member ids."""
    desk = desk_on("growth")
    (owner,) = desk.book.members.values()
    heir = invited(desk.tell(invite(1), asked=BY_ADMIN)).member_id
    desk.tell(accepted(heir, "bert"))
    return desk, owner.member_id, heir


@pytest.mark.parametrize("is_open", [True, False])
def test_whoever_asks_as_an_owner_takes_no_seat_where_there_is_one(*, is_open: bool) -> None:
    desk = Desk()
    desk.tell(on_plan("growth"))
    desk.tell(opened()) if is_open else desk.tell(invite(1), asked=BY_OWNER)
    seats, _ = desk.used("users")

    desk.tell(invite(2), asked=BY_EVE)

    assert owners(desk) == [OWNER]
    assert desk.used("users") == (seats + 1, 0)


def test_one_person_may_own_two_accounts() -> None:
    desk = desk_on("growth")

    desk.tell(opened(BOB))

    assert (owners(desk), owners(desk, BOB)) == ([OWNER], [OWNER])
    assert desk.row("users", BOB).current == 1


def test_one_address_and_one_id_may_be_invited_to_two_accounts() -> None:
    desk = desk_on("growth")
    desk.tell(on_plan("growth", BOB))

    said = [desk.tell(invite(1, account=account), asked=BY_ADMIN) for account in (ANN, BOB)]

    assert [only(InviteReplied, one).replayed for one in said] == [False, False]
    assert len({invited(one).member_id for one in said}) == 2


def test_a_transfer_changes_both_and_is_on_record() -> None:
    desk, owner, heir = with_heir()

    said = desk.tell(transfer(1, heir), asked=BY_OWNER)

    data = only(OwnershipTransferReplied, said).data
    assert data is not None
    assert (data.owner.role, data.previous.role) == ("owner", "admin")
    audit = only(AuditRecorded, said)
    assert (audit.before, audit.after) == ({"owner": owner}, {"owner": heir})
    assert owners(desk) == ["bert"]
    assert desk.used("users") == (2, 0)


def test_nobody_hands_an_account_to_himself_or_to_whoever_has_left() -> None:
    desk, owner, heir = with_heir()
    error = refused(desk.tell(transfer(1, owner), asked=BY_OWNER))
    assert (error.code, error.state) == ("conflict", "owner")
    desk.tell(remove(heir), asked=BY_OWNER)

    assert refused(desk.tell(transfer(2, heir), asked=BY_OWNER)).code == "not.found"

    assert owners(desk) == [OWNER]


def test_a_transfer_that_was_refused_stays_refused_under_its_id() -> None:
    desk = desk_on("growth")
    heir = invited(desk.tell(invite(1), asked=BY_ADMIN)).member_id
    assert refused(desk.tell(transfer(1, heir), asked=BY_OWNER)).state == "invited"
    desk.tell(accepted(heir, "bert"))

    again = only(OwnershipTransferReplied, desk.tell(transfer(1, heir), asked=BY_OWNER))

    assert (again.status, again.replayed) == ("error", True)
    assert owners(desk) == [OWNER]


def test_whoever_was_removed_gives_away_nothing_of_those_who_stayed() -> None:
    desk, first, heir = with_heir()
    second = invited(desk.tell(invite(2, "eve@example.com"), asked=BY_ADMIN)).member_id
    desk.tell(accepted(second, "eve"))
    desk.tell(transfer(1, second), asked=BY_OWNER)
    desk.tell(remove(first), asked=BY_EVE)

    assert refused(desk.tell(transfer(2, heir), asked=BY_OWNER)).code == "forbidden"

    assert owners(desk) == ["eve"]


def test_an_owner_by_his_token_alone_gives_the_account_as_the_first_one() -> None:
    desk, _, heir = with_heir()

    desk.tell(transfer(1, heir), asked=BY_EVE)

    assert owners(desk) == ["bert"]


def test_an_owner_who_was_opened_without_a_name_may_be_whoever_asks() -> None:
    desk = Desk()
    desk.tell(on_plan("growth"))
    desk.tell(opened(owner_user_id=None))
    heir = invited(desk.tell(invite(1), asked=BY_ADMIN)).member_id
    desk.tell(accepted(heir, "bert"))

    desk.tell(transfer(1, heir), asked=BY_EVE)

    assert owners(desk) == ["bert"]
