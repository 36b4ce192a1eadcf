"""What a message leads to is measured by what stood before it, not before its neighbours."""

from shared.contracts.limits import OverageCleared, OverageDetected, ThresholdReached
from tests.hearing import all_of, only
from tests.limits.making import asks_for, confirmed, override, site_gone, site_made
from tests.limits.rules.desk import BY_DEVELOPER, Desk, held
from tests.making import ANN, BOB


def use_of(desk: Desk, number: int, quantity: int, account: str) -> list[object]:
    """Hold so many keywords and say that they are there."""
    hold = held(desk.tell(asks_for(number, quantity, account=account))).hold_id
    return [*desk.tell(confirmed(hold, quantity, account))]


def test_a_neighbour_with_more_does_not_hide_that_a_mark_is_reached() -> None:
    """Free has 100 keywords."""
    desk = Desk()
    use_of(desk, 1, 81, ANN)
    desk.end_batch()

    use_of(desk, 2, 1, ANN)
    said = use_of(desk, 3, 80, BOB)

    assert [(x.account_id, x.threshold) for x in all_of(ThresholdReached, said)] == [(BOB, 80)]


def test_the_last_of_what_is_not_allowed_at_all_clears_the_overage() -> None:
    desk = Desk()
    desk.tell(site_made(1))
    over = desk.tell(override("sites", 0, 0), asked=BY_DEVELOPER)

    gone = desk.tell(site_gone(1))

    assert [x.over_by for x in only(OverageDetected, over).items] == [1]
    assert [(x.used, x.over_by) for x in only(OverageCleared, gone).items] == [(0, 0)]
