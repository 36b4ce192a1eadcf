"""What may never happen, whatever arrives in whatever order and however often.

1. An account has less than nothing in a bucket, or holds more than it has.
2. Credits appear or disappear without a reason: granted + adjusted = balance + charged + revoked.
3. What an account holds differs from the sum of what is open: operations, runs, what is frozen.
4. One operation is charged twice, or one line of an invoice is granted twice.
5. The ledger has a gap: entry n says what entry n - 1 said, plus its own amount.
6. Work is given away: whatever was completed is charged, however late, or recorded as shortfall.
7. A second reading of the rules comes to other numbers: a reply, a fact, a row of the usage log,
   an alert or the state of an account.
8. A repeat changes anything, or is answered with anything but the first answer.
9. Two facts have one name, so that whoever drops repeats drops news.
10. A fact has a version that falls, or other numbers than the account has after it.
"""

import os
from dataclasses import replace as copy_of
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from services.credits.domain import BY_A_SERVICE, Asked, Due, HoldDue, RunDue
from shared.contracts.message import Event, Message
from tests.credits.rules import chance, correcting_chance, running_chance
from tests.credits.rules.chance import Report
from tests.credits.rules.desk import NOON, Desk
from tests.credits.rules.heard import seen
from tests.credits.rules.model import Model
from tests.credits.rules.witness import Witness
from tests.making import paid

# `HISTORIES=thorough pytest tests/credits/rules` looks for minutes, by chance (in 2 GB).
IS_THOROUGH = os.environ.get("HISTORIES") == "thorough"
EXAMPLES, STEPS = (3_000, 100) if IS_THOROUGH else (800, 50)
SOON, SHORT = timedelta(milliseconds=1), timedelta(seconds=61)
QUARTER, LONG = timedelta(minutes=15), timedelta(days=9)
ALMOST = QUARTER - SOON
UNHEARD_OF = chance.ACCOUNTS[0], correcting_chance.REFUNDS[0]
BY_A_PERSON, BY_A_DEVELOPER = Asked("editor", "ann"), Asked("developer", "dora", "ticket-7")


class Histories(RuleBasedStateMachine):
    """Three accounts of six operations, two runs, three refunds, and what may be said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.witness = Desk(NOON), Witness()
        self.model = Model(NOON)
        self.told = list[tuple[Message, Asked]]()
        self.versions = dict.fromkeys(chance.ACCOUNTS, 0)

    def hear(self, message: Message, asked: Asked) -> None:
        said = self.desk.tell(message, asked=asked)
        by_person = asked.is_by_a_person
        assert seen(said) == self.model.obey(message, by_person=by_person), message
        self.witness.hear(said, message)

    def hear_first(self, message: Message, asked: Asked = BY_A_SERVICE) -> None:
        if message.account_id is not None:
            number = chance.ACCOUNTS.index(message.account_id) % self.owners
            message = replace(message, account_id=chance.ACCOUNTS[number])
        self.told.append((message, asked))
        self.hear(message, asked)

    @initialize(
        plan=st.sampled_from([0, 40, 70, 320, 500, 3_000]),
        purchased=st.sampled_from([0, 60, 500]),
        owners=st.sampled_from([1, 1, 3]),
    )
    def there_are_credits(self, plan: int, purchased: int, owners: int) -> None:
        """Of one account, whose things then meet more often, or of all."""
        self.owners = owners
        for account in chance.ACCOUNTS[:owners]:
            self.hear_first(paid(plan or 1, account, invoice=99))
            if purchased:
                bought = paid(purchased, account, invoice=98, kind="credit_package", code="pro")
                self.hear_first(bought)

    @rule(message=chance.requests, asked=st.sampled_from([BY_A_SERVICE, BY_A_PERSON]))
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
        self.hear_first(message)

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

    @rule(message=running_chance.requests, asked=st.sampled_from([BY_A_SERVICE, BY_A_PERSON]))
    def a_run_is_asked_for(self, message: Message, asked: Asked) -> None:
        self.hear_first(message, asked)

    @rule(message=running_chance.reports)
    def somebody_reports_on_a_run(self, message: Message) -> None:
        self.hear_first(message)

    @precondition(lambda self: self.under_way())
    @rule(data=st.data(), message=running_chance.reports | running_chance.children)
    def an_open_run_goes_on(self, data: st.DataObject, message: running_chance.RunReport) -> None:
        account, run = data.draw(st.sampled_from(self.under_way()), label="on")
        self.hear_first(replace(message, account_id=account, run_id=run))

    def under_way(self) -> list[tuple[str, str]]:
        return [key for key, run in self.desk.book.runs.items() if run.is_open]

    @rule(message=correcting_chance.clawbacks)
    def money_goes_back(self, message: Message) -> None:
        self.hear_first(message)

    @precondition(lambda self: self.desk.book.clawbacks)
    @rule(data=st.data(), message=correcting_chance.ends)
    def a_refund_comes_to_an_end(
        self, data: st.DataObject, message: correcting_chance.RefundEnd
    ) -> None:
        known = [(key[0], key[2]) for key in self.desk.book.clawbacks if key[1] == "refund"]
        account, refund = data.draw(st.sampled_from(known or [UNHEARD_OF]), label="of")
        self.hear_first(replace(message, account_id=account, refund_id=refund))

    @rule(message=correcting_chance.adjustments)
    def credits_are_adjusted(self, message: Message) -> None:
        self.hear_first(message, BY_A_DEVELOPER)

    @rule(message=correcting_chance.config_changes | correcting_chance.model_changes)
    def a_price_changes(self, message: Message) -> None:
        self.hear_first(message, BY_A_DEVELOPER)

    @rule(account=chance.accounts, operation=chance.operations, run=chance.runs)
    def the_sweep_looks_at_what_is_open(self, account: str, operation: str, run: str) -> None:
        """Also at what is not due, or what somebody has just reported on."""
        if (account, operation) in self.desk.book.operations:
            self.sweep([HoldDue(account, operation)])
        if (account, run) in self.desk.book.runs:
            self.sweep([RunDue(account, run)])

    @rule(later=st.sampled_from([SOON, SHORT, ALMOST, QUARTER, LONG]))
    def time_passes(self, later: timedelta) -> None:
        """A batch ends, with the states of all accounts that it changed, and the sweep comes."""
        self.batch_ends(later)
        self.sweep(self.desk.due())

    def sweep(self, due: list[Due]) -> None:
        for one in due:
            said, is_run = self.desk.tell(one), isinstance(one, RunDue)
            assert seen(said) == self.model.lapsed(one.account_id, one.subject, is_run=is_run)
            self.witness.hear(said)

    def batch_ends(self, later: timedelta) -> None:
        changed = [a for a in chance.ACCOUNTS if self.model.purses[a].version != self.versions[a]]
        states = sorted(seen(self.desk.end_batch(later)))
        assert states == [self.model.state(account) for account in changed]
        self.versions = {a: self.model.purses[a].version for a in chance.ACCOUNTS}
        self.model.now += later

    @invariant()
    def the_books_balance(self) -> None:
        self.witness.check(self.desk.book)
        self.witness.check_ledger(self.desk.book.entries)


TestNoHistoryBreaksTheBooks = Histories.TestCase
TestNoHistoryBreaksTheBooks.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=not IS_THOROUGH
)
