"""Prices change at any moment of any work, in random order.

What may never happen:

1. An operation is charged by another price than that of its hold, or of its charge without one.
2. Two changes share a price version, or one is left out.
3. A change is made by who has not seen the row as it stands, or leaves no record behind.
"""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from shared.asked import Asked
from shared.contracts.credits import CostConfigUpdateReplied, CreditsCommitted
from shared.contracts.operating import AuditRecorded
from tests.credits.rules.desk import Desk, desk_with
from tests.credits.rules.pricing import config_update
from tests.hearing import all_of, only
from tests.making import completed, requested

MINIMUM = 3  # Credits of an article.
DORA = Asked("developer", "dora")
NUMBERS = st.integers(0, 5)


class Price(NamedTuple):
    """Somebody wants so many tokens a credit, and has seen a version so far behind."""

    tokens_per_credit: int
    behind: int


class Ask(NamedTuple):
    number: int


class Report(NamedTuple):
    number: int
    tokens: int


STEPS = st.lists(
    st.one_of(
        st.builds(Price, st.integers(1, 300), st.integers(0, 2)),
        st.builds(Ask, NUMBERS),
        st.builds(Report, NUMBERS, st.integers(0, 20_000)),
    ),
    max_size=40,
)


class Ledger:
    """What should be: the price of today, and the price that each hold was promised."""

    def __init__(self) -> None:
        self.tokens_per_credit, self.version = 100, 1
        self.promised: dict[int, int] = {}
        self.charged: dict[int, int] = {}

    def price(self, number: int, tokens: int) -> int:
        each = self.promised.get(number, self.tokens_per_credit)
        return max(MINIMUM, (tokens + each - 1) // each)


@given(STEPS)
def test_whatever_prices_do_meanwhile_each_operation_has_its_own(
    steps: list[Price | Ask | Report],
) -> None:
    desk, should = desk_with(plan=10**9), Ledger()
    for step in steps:
        match step:
            case Price():
                change(desk, should, step)
            case Ask(number):
                if number not in should.charged:
                    should.promised.setdefault(number, should.tokens_per_credit)
                desk.tell(requested(number))
            case Report(number, tokens):
                report(desk, should, number, tokens)
    prices = desk.book.catalogue.prices
    assert [since for since, _ in prices.configs if since > 1] == list(range(2, should.version + 1))
    assert len(desk.book.audits) == should.version - 1


def change(desk: Desk, should: Ledger, wanted: Price) -> None:
    """Whoever is behind is told so, unless it is his own change again."""
    seen = max(0, should.version - wanted.behind)
    is_same = wanted.tokens_per_credit == should.tokens_per_credit
    said = desk.tell(
        config_update(expected=seen, tokens_per_credit=wanted.tokens_per_credit), asked=DORA
    )
    reply = only(CostConfigUpdateReplied, said)
    if seen == should.version:
        assert reply.data is not None
        should.version, should.tokens_per_credit = seen + 1, wanted.tokens_per_credit
        assert (reply.data.row.version, reply.data.price_version) == (seen + 1, seen + 1)
        assert len(all_of(AuditRecorded, said)) == 1
    elif seen == should.version - 1 and is_same:
        assert reply.replayed
    else:
        assert reply.error is not None
        assert (reply.error.code, reply.error.version) == ("conflict", should.version)


def report(desk: Desk, should: Ledger, number: int, tokens: int) -> None:
    """The first report is charged, and no other."""
    said = desk.tell(completed(number, tokens_input=0, tokens_output=tokens))
    charges = [fact.charged for fact in all_of(CreditsCommitted, said)]
    if number in should.charged:
        assert charges == []
        return
    should.charged[number] = should.price(number, tokens)
    assert charges == [should.charged[number]]
