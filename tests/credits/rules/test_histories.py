"""What may never happen, whatever arrives in whatever order and however often.

1. An account has less than nothing in a bucket, or holds more than it has.
2. Credits appear without a grant or disappear without a charge: granted = balance + charged.
3. What an account holds differs from the sum of its open reservations.
4. One operation is charged twice, or one line of an invoice is granted twice.
5. The ledger has a gap: entry n says what entry n - 1 said, plus its own amount.
6. Work is given away: whatever was completed is charged, however late, or recorded as shortfall.
7. A second reading of the rules comes to other numbers: a reply, a fact, a row of the usage log,
   an alert or the state of an account.
8. A repeat changes anything, or is answered with anything but the first answer.
9. Two facts have one name, so that whoever drops repeats drops news.
"""

import os
from dataclasses import replace as copy_of
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from services.credits.domain import BY_A_SERVICE, Asked, HoldDue
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES
from shared.contracts.message import Event, Message
from tests.credits.rules import chance
from tests.credits.rules.chance import Report
from tests.credits.rules.desk import NOON, Desk, repriced
from tests.credits.rules.heard import seen
from tests.credits.rules.model import Model
from tests.credits.rules.tariff import FIRST, Tariff
from tests.credits.rules.witness import Witness
from tests.making import paid

# `HISTORIES=thorough pytest tests/credits/rules` looks for minutes, by chance (in 2 GB).
IS_THOROUGH = os.environ.get("HISTORIES") == "thorough"
EXAMPLES, STEPS = (3_000, 100) if IS_THOROUGH else (400, 50)
SOON, SHORT = timedelta(milliseconds=1), timedelta(seconds=61)
QUARTER, LONG = timedelta(minutes=15), timedelta(days=9)
ALMOST = QUARTER - SOON
# What prices become while a history goes on: dearer articles, an action off, a model's weight.
DEARER = FIRST.rates["content_generation"]._replace(per=80)
OFF = FIRST.rates["optimization"]._replace(is_on=False)
SECOND = Tariff(
    {**FIRST.rates, "content_generation": DEARER, "optimization": OFF},
    {**FIRST.engines, "gpt-4o": FIRST.engines["gpt-4o"]._replace(is_on=True)},
)
CONFIGS = {row.operation_type: row for row in COST_CONFIGS}
RATES = {row.model: row for row in MODEL_PRICES}
REPRICED = repriced(
    replace(CONFIGS["content_generation"], tokens_per_credit=80),
    replace(CONFIGS["optimization"], is_active=False),
    replace(RATES["gpt-4o"], is_active=True),
)


class Histories(RuleBasedStateMachine):
    """Three accounts, six operations each, and whatever may be said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.witness = Desk(NOON), Witness()
        self.model = Model(NOON, {1: FIRST, 2: SECOND})
        self.told = list[tuple[Message, Asked]]()
        self.versions = dict.fromkeys(chance.ACCOUNTS, 0)

    def hear(self, message: Message, asked: Asked) -> None:
        said = self.desk.tell(message, asked=asked)
        by_person = asked.is_by_a_person
        assert seen(said) == self.model.obey(message, by_person=by_person), message
        self.witness.hear(said, message)

    def hear_first(self, message: Message, asked: Asked = BY_A_SERVICE) -> None:
        self.told.append((message, asked))
        self.hear(message, asked)

    @initialize(amounts=st.tuples(*[st.sampled_from([40, 70, 500, 3_000])] * len(chance.ACCOUNTS)))
    def there_are_credits(self, amounts: tuple[int, ...]) -> None:
        for account, amount in zip(chance.ACCOUNTS, amounts, strict=True):
            self.hear_first(paid(amount, account, invoice=99))

    @rule(message=chance.requests, asked=st.sampled_from([BY_A_SERVICE, Asked("editor", "ann")]))
    def work_is_asked_for(self, message: Message, asked: Asked) -> None:
        self.hear_first(message, asked)

    @rule(message=chance.articles)
    def an_article_is_asked_for(self, message: Message) -> None:
        self.hear_first(message)

    @rule(message=chance.reports)
    def somebody_reports(self, message: Message) -> None:
        """Perhaps on work that nobody asked for, or that is over."""
        self.hear_first(message)

    @precondition(lambda self: self.held())
    @rule(data=st.data(), message=chance.reports)
    def somebody_reports_on_what_is_held(self, data: st.DataObject, message: Report) -> None:
        account, operation = data.draw(st.sampled_from(self.held()), label="on")
        self.hear_first(replace(message, account_id=account, operation_id=operation))

    def held(self) -> list[tuple[str, str]]:
        """The operations whose hold is open."""
        return [key for key, work in self.desk.book.operations.items() if work.state == "held"]

    @rule(message=chance.invoices)
    def an_invoice_is_paid(self, message: Message) -> None:
        self.hear_first(message)

    @rule(message=chance.news)
    def invoicing_says_what_is_so(self, message: Message) -> None:
        self.hear(message, BY_A_SERVICE)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def what_was_said_is_said_twice_more(self, data: st.DataObject) -> None:
        """8: the second time at the latest it says nothing new."""
        message, asked = data.draw(st.sampled_from(self.told), label="again")
        self.hear(message, asked)
        before = {key: copy_of(account) for key, account in self.desk.book.accounts.items()}
        news = [said for said in self.desk.tell(message, asked=asked) if isinstance(said, Event)]
        assert news == [], "8: a repeat makes news"
        assert self.desk.book.accounts == before, "8: a repeat changes an account"

    @rule(account=chance.accounts, operation=chance.operations)
    def the_sweep_looks_at_a_hold(self, account: str, operation: str) -> None:
        """Also at one that is not due, or that somebody has just reported on."""
        if (account, operation) in self.desk.book.operations:
            self.sweep([HoldDue(account, operation)])

    @rule(later=st.sampled_from([SOON, SHORT, ALMOST, QUARTER, LONG]))
    def time_passes(self, later: timedelta) -> None:
        """A batch ends, with the states of all accounts that it changed, and the sweep comes."""
        self.batch_ends(later)
        self.sweep(self.desk.due())

    @rule()
    def prices_change(self) -> None:
        self.batch_ends(timedelta())
        self.desk.reprice(REPRICED)
        self.model.prices = 2

    def sweep(self, due: list[HoldDue]) -> None:
        for hold in due:
            said = self.desk.tell(hold)
            assert seen(said) == self.model.lapsed(hold.account_id, hold.operation_id)
            self.witness.hear(said)

    def batch_ends(self, later: timedelta) -> None:
        changed = [a for a in chance.ACCOUNTS if self.model.purses[a].version != self.versions[a]]
        states = sorted(seen(self.desk.end_batch(later)))
        assert states == [self.model.state(account) for account in changed]
        self.versions = {a: self.model.purses[a].version for a in chance.ACCOUNTS}
        self.model.now += later

    @invariant()
    def the_books_balance(self) -> None:
        for account in self.desk.book.accounts.values():
            self.witness.check(account)
        self.witness.check_ledger(self.desk.book.entries)


TestNoHistoryBreaksTheBooks = Histories.TestCase
TestNoHistoryBreaksTheBooks.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=not IS_THOROUGH
)
