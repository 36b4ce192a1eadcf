"""Whatever order the messages of one refund are read in, and however often, the end is the same."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.credits.book import Clawback
from shared.contracts.credits import CreditsGranted, CreditsReleased, CreditsReserved
from shared.contracts.message import Message, Reply
from tests.correcting import adjustment, disputed, freeze, refunded, reversed_, unfreeze
from tests.credits.rules.desk import Desk, desk_with
from tests.hearing import all_of
from tests.making import ANN, completed, failed, paid, requested, uuid

ASKED, PART = freeze(1, 500), freeze(1, 2_000, allow_partial=True)
FAILED, BACK = unfreeze(1), reversed_(1)
DONE, FORCED = refunded(1, 500), refunded(1, 2_000, forced=True)

STORIES: dict[str, tuple[list[Message], tuple[int, int], str]] = {
    "the gateway refuses": ([ASKED, FAILED], (100, 500), "released"),
    "it is refunded": ([ASKED, DONE], (100, 0), "revoked"),
    "by force": ([PART, FORCED], (100, 0), "revoked"),
    "nobody froze it": ([FORCED], (100, 0), "revoked"),
    "the gateway takes it back": ([ASKED, DONE, BACK], (100, 500), "reversed"),
    "a forced one is taken back": ([PART, FORCED, BACK], (100, 500), "reversed"),
    "nobody froze what is taken back": ([FORCED, BACK], (100, 500), "reversed"),
    "it fails and is done after all": ([ASKED, FAILED, DONE], (100, 0), "revoked"),
    "all there is": ([ASKED, FAILED, DONE, BACK], (100, 500), "reversed"),
}


def row_of(desk: Desk) -> Clawback:
    return desk.book.clawbacks[ANN, "refund", uuid(1)]


@pytest.mark.parametrize("story", STORIES)
def test_the_end_is_the_same_in_any_order(story: str) -> None:
    messages, after, state = STORIES[story]
    for order in permutations(messages):
        for told in (order, [*order, *order], [message for message in order for _ in "12"]):
            desk = desk_with(plan=100, purchased=500)
            desk.tell(*told)
            account, row = desk.account(), row_of(desk)
            assert (account.plan_bucket, account.purchased_bucket) == after, told
            assert (account.held, row.state) == (0, state), told


@pytest.mark.parametrize("story", STORIES)
def test_the_ledger_is_the_same_in_any_order(story: str) -> None:
    messages, _, _ = STORIES[story]
    ledgers = set()
    for order in permutations(messages):
        desk = desk_with(plan=100, purchased=500)
        desk.tell(*order)
        ledgers.add(tuple((e.seq, e.type, e.reference_id, e[5:8]) for e in desk.book.entries))
    assert len(ledgers) == 1


@pytest.mark.parametrize("end", [FAILED, DONE, BACK], ids=["failed", "done", "back"])
def test_a_freeze_that_is_asked_after_its_end_is_a_conflict_for_ever(end: Message) -> None:
    desk = desk_with(purchased=500)
    desk.tell(end)
    before = desk.account().balance

    (first,) = desk.tell(ASKED)
    (again,) = desk.tell(ASKED)

    assert isinstance(first, Reply)
    assert isinstance(again, Reply)
    assert first.error is not None
    assert (first.error.code, first.error.kind) == ("conflict", "refund")
    assert (again.error, again.replayed) == (first.error, True)
    assert (desk.account().held, desk.account().balance) == (0, before)


def test_a_refund_that_was_taken_back_before_it_was_heard_of_comes_and_goes() -> None:
    desk = desk_with(purchased=500)

    assert desk.tell(BACK) == []
    said = desk.tell(FORCED)

    assert [fact.granted for fact in all_of(CreditsGranted, said)] == [500]
    assert [e.purchased_delta for e in desk.book.entries] == [500, -500, 500]


def test_a_freeze_whose_refund_was_taken_back_is_free_at_once() -> None:
    desk = desk_with(purchased=500)
    desk.tell(ASKED)

    (fact,) = all_of(CreditsReleased, desk.tell(BACK))

    assert (fact.released, fact.reason, desk.account().held) == (500, "refund_failed", 0)


ids = st.integers(1, 3)
amounts = st.sampled_from([1, 40, 300, 2_000])
of = st.sampled_from(["plan", "purchased"])
messages = st.one_of(
    st.builds(
        lambda n, c, b, p: freeze(n, c, bucket=b, allow_partial=p), ids, amounts, of, st.booleans()
    ),
    st.builds(unfreeze, ids),
    st.builds(lambda n, c, b: refunded(n, c, bucket=b, forced=True), ids, amounts, of),
    st.builds(reversed_, ids),
    st.builds(
        lambda n, s, c, b: disputed(n, s, c, bucket=b),
        ids,
        st.sampled_from(["opened", "won", "lost"]),
        amounts,
        of,
    ),
    st.builds(lambda n, a, b: adjustment(n, a, bucket=b), ids, st.sampled_from([-90, 70]), of),
    st.builds(requested, ids),
    st.builds(completed, ids),
    st.builds(failed, ids),
    st.builds(
        lambda n, c, k: paid(c, invoice=n, kind=k),
        ids,
        amounts,
        st.sampled_from(["upgrade", "credit_package"]),
    ),
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(messages, max_size=25))
def test_whatever_happens_nobody_has_less_than_nothing(told: list[Message]) -> None:
    """What is held is what is open, nothing is below zero, and no version is told twice as new."""
    desk = desk_with(plan=200, purchased=300)
    for message in told:
        before = desk.account().version
        said = desk.tell(message)
        account = desk.account()
        assert min(account.plan_bucket, account.purchased_bucket) >= 0
        assert 0 <= account.held <= account.balance
        open_holds = [work.open_hold for work in desk.book.operations.values()]
        open_holds += [row.open_hold for row in desk.book.clawbacks.values()]
        assert account.held == sum(open_holds)
        assert account.balance == sum(e.plan_delta + e.purchased_delta for e in desk.book.entries)
        for fact in all_of(CreditsReserved, said):
            assert before <= fact.version <= account.version
    for row in desk.book.clawbacks.values():
        assert 0 <= row.revoked <= row.to_revoke
