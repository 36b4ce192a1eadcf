"""What may never happen, whatever arrives in whatever order and however often.

1. Anything is granted that a limit has no room for: used + held <= limit after every yes.
2. What an account holds differs from the sum of its open holds.
3. A thing counts twice or is taken off twice: used is what was confirmed and what is there, less
   what was deleted.
4. A hold is confirmed twice, or for more than was granted.
5. An account that had an owner has none.
6. A mark of a limit is told twice in a month, or two facts have one name.
7. A state changes and no version says so, or a version falls.
8. A second reading of the rules comes to other numbers: a reply, a fact, an alert or a state.
9. A repeat changes anything, or is answered with anything but the first answer.
"""

import os
from copy import deepcopy
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from services.limits.domain import BY_A_SERVICE, Asked, Due, HoldDue, InvitationDue
from shared.contracts.limits import HoldRequested, InviteRequested, OverrideUpdateRequested
from shared.contracts.message import Event, Message, Reply
from tests.limits.making import (
    OWNER,
    accepted,
    confirmed,
    opened,
    plan_now,
    released,
    remove,
    site_failed,
    transfer,
)
from tests.limits.rules import chance
from tests.limits.rules.desk import BY_ADMIN, BY_DEVELOPER, BY_OWNER, NOON, Desk
from tests.limits.rules.model import Model
from tests.limits.rules.model.teaming import THE_OWNER
from tests.limits.rules.seen import seen, state
from tests.limits.rules.witness import Witness
from tests.making import on_plan

# `HISTORIES=thorough pytest tests/limits/rules` looks for minutes, by chance.
IS_THOROUGH = os.environ.get("HISTORIES") == "thorough"
EXAMPLES, STEPS = (3_000, 100) if IS_THOROUGH else (300, 40)
GRANTS = ("ok", "partial")


class Histories(RuleBasedStateMachine):
    """Two accounts, few ids, small limits, and whatever may be said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.witness, self.model = Desk(NOON), Witness(), Model(NOON)
        self.told = list[tuple[Message, Asked]]()

    def hear(self, message: Message, asked: Asked) -> list[object]:
        said = list[object](self.desk.tell(message, asked=asked))
        assert seen(said) == self.model.obey(message, asked), message
        self.learn()
        self.witness.hear(said)
        return said

    def learn(self) -> None:
        """Tell the model what the ids that were made up stand for."""
        for key, hold in self.desk.book.holds.items():
            self.model.names[key] = hold.topic, hold.request_id
        for key, member in self.desk.book.members.items():
            self.model.names[key] = "member", member.invite_id or THE_OWNER

    def hear_first(self, message: Message, asked: Asked = BY_A_SERVICE) -> None:
        self.told.append((message, asked))
        said = self.hear(message, asked)
        reply = said[0] if said else None
        if isinstance(reply, Reply) and reply.status in GRANTS and not reply.replayed:
            self.check_grant(message)

    def check_grant(self, message: Message) -> None:
        """1: a yes to a wish leaves nobody above his limit who was not above it before."""
        if isinstance(message, HoldRequested | InviteRequested):
            kind = message.limit_type if isinstance(message, HoldRequested) else "users"
            row = self.desk.row(kind, message.account_id)
            assert row.limit is None or row.current + row.held <= row.limit, "1: no room"

    @initialize(is_open=st.booleans(), plan=st.sampled_from(["free", "starter", "starter"]))
    def there_is_a_plan_with_small_limits(self, *, is_open: bool, plan: str) -> None:
        small = {"sites": 2, "users": 3, "keywords": 20, "ahrefs_queries": 12}
        self.hear_first(plan_now("starter", 1, **small))
        for account in chance.ACCOUNTS:
            if is_open:
                self.hear_first(opened(account))
            self.hear_first(on_plan(plan, account))

    @rule(message=chance.holds)
    def somebody_wants_room(self, message: Message) -> None:
        self.hear_first(message)

    @rule(message=chance.site_requests | chance.invitations, asked=chance.somebody)
    def somebody_wants_a_site_or_a_seat(self, message: Message, asked: Asked) -> None:
        self.hear_first(message, asked)

    @rule(message=chance.site_events | chance.deletions)
    def things_come_and_go(self, message: Message) -> None:
        self.hear_first(message)

    @rule(message=chance.news)
    def invoicing_says_what_is_so(self, message: Message) -> None:
        self.hear_first(message)

    @rule(message=chance.overrides, knows=chance.is_up_to_date)
    def a_developer_gives_another_limit(
        self, message: OverrideUpdateRequested, *, knows: bool
    ) -> None:
        known = self.desk.account(message.account_id).overrides.get(message.limit_type)
        if knows:
            message = replace(message, expected_version=known.version if known else 0)
        self.hear_first(message, BY_DEVELOPER)

    @precondition(lambda self: self.desk.book.holds)
    @rule(data=st.data(), is_astray=st.sampled_from([False] * 9 + [True]))
    def a_hold_comes_to_an_end(self, data: st.DataObject, *, is_astray: bool) -> None:
        account, hold = data.draw(st.sampled_from(list(self.desk.book.holds)), label="of")
        whose = other(account) if is_astray else account
        granted = self.desk.book.holds[account, hold].granted
        self.hear_first(data.draw(chance.about_hold(hold, whose, granted), label="said"))

    @precondition(lambda self: self.held())
    @rule(data=st.data())
    def what_was_held_is_made(self, data: st.DataObject) -> None:
        account, hold = data.draw(st.sampled_from(self.held()), label="of")
        granted = self.desk.book.holds[account, hold].granted
        self.hear_first(confirmed(hold, granted, account))

    def held(self) -> list[tuple[str, str]]:
        return [key for key, hold in self.desk.book.holds.items() if hold.state == "held"]

    @precondition(lambda self: self.expired())
    @rule(data=st.data())
    def nothing_was_made_of_what_has_expired(self, data: st.DataObject) -> None:
        """Whoever says so first is not heard when he says something else later."""
        account, hold = data.draw(st.sampled_from(self.expired()), label="of")
        ends = (
            released(hold, account),
            confirmed(hold, 0, account),
            site_failed(account, hold_id=hold),
        )
        self.hear_first(data.draw(st.sampled_from(ends), label="said"))
        granted = self.desk.book.holds[account, hold].granted
        self.hear_first(confirmed(hold, granted, account))

    def expired(self) -> list[tuple[str, str]]:
        return [key for key, hold in self.desk.book.holds.items() if hold.state == "expired"]

    @precondition(lambda self: self.unopened())
    @rule(data=st.data(), message=chance.invitations, is_gone=st.booleans(), is_told=st.booleans())
    def an_owner_comes_before_his_account_is_opened(
        self, data: st.DataObject, message: InviteRequested, *, is_gone: bool, is_told: bool
    ) -> None:
        """An admin had invited him; he may have left again, and ask for something as an owner."""
        account = data.draw(st.sampled_from(self.unopened()), label="of")
        self.hear_first(replace(message, account_id=account), BY_ADMIN)
        for member in self.members(account, "invited"):
            self.hear_first(accepted(member, OWNER, account))
        for member in self.members(account, "active"):
            if is_gone:
                self.hear_first(remove(member, account), BY_ADMIN)
            self.hear_first(transfer(data.draw(chance.transfers), member, account), BY_OWNER)
        if is_told:
            self.hear_first(opened(account))

    @precondition(lambda self: self.unopened())
    @rule(data=st.data(), message=chance.invitations)
    def an_owner_invites_while_nobody_knows_his_plan(
        self, data: st.DataObject, message: InviteRequested
    ) -> None:
        account = data.draw(st.sampled_from(self.unopened()), label="of")
        version = self.desk.account(account).subscription_version
        self.hear_first(on_plan("gold", account, version=version + 1))
        self.hear_first(replace(message, account_id=account), BY_OWNER)
        self.hear_first(on_plan("starter", account, version=version + 2))

    def unopened(self) -> list[str]:
        return [name for name in chance.ACCOUNTS if not self.desk.account(name).is_opened]

    def members(self, account: str, state: str) -> list[str]:
        team = self.desk.book.team_of(account)
        return [member.member_id for member in team if member.state == state]

    @precondition(lambda self: self.desk.book.members)
    @rule(data=st.data(), asked=chance.somebody, is_astray=st.sampled_from([False] * 9 + [True]))
    def something_becomes_of_a_member(
        self, data: st.DataObject, asked: Asked, *, is_astray: bool
    ) -> None:
        account, member = data.draw(st.sampled_from(list(self.desk.book.members)), label="of")
        whose = other(account) if is_astray else account
        message = data.draw(chance.about_member(member, whose), label="said")
        if message.topic == "account.ownership.transfer.requested":
            asked = BY_OWNER
        self.hear_first(message, asked)

    @precondition(lambda self: self.invited())
    @rule(data=st.data(), name=chance.people)
    def whoever_was_invited_comes(self, data: st.DataObject, name: str) -> None:
        account, member = data.draw(st.sampled_from(self.invited()), label="who")
        self.hear_first(accepted(member, name, account))

    def invited(self) -> list[tuple[str, str]]:
        return [key for key, one in self.desk.book.members.items() if one.state == "invited"]

    @rule(message=chance.invitations, name=chance.people)
    def somebody_is_invited_and_comes(self, message: InviteRequested, name: str) -> None:
        self.hear_first(message, BY_OWNER)
        for account, member in self.invited():
            if account == message.account_id:
                self.hear_first(accepted(member, name, account))

    @precondition(lambda self: self.colleagues())
    @rule(data=st.data())
    def an_owner_changes_his_team(self, data: st.DataObject) -> None:
        """Whoever owns the account by now, and any other who is here."""
        owner, other = data.draw(st.sampled_from(self.colleagues()), label="who and whom")
        message = data.draw(chance.about_colleague(*other), label="said")
        self.hear_first(message, Asked("owner", owner, "by-owner"))

    def colleagues(self) -> list[tuple[str | None, tuple[str, str]]]:
        """Every owner with everybody else in his account."""
        team = [one for one in self.desk.book.members.values() if one.state == "active"]
        return [
            (owner.user_id, (one.account_id, one.member_id))
            for owner in team
            for one in team
            if owner.is_an_owner and one.account_id == owner.account_id and one is not owner
        ]

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def what_was_said_is_said_twice_more(self, data: st.DataObject) -> None:
        """9: the second time at the latest it says nothing new."""
        message, asked = data.draw(st.sampled_from(self.told), label="again")
        self.hear(message, asked)
        before = deepcopy(self.desk.book.accounts)
        again = self.hear(message, asked)
        news = [x for x in again if isinstance(x, Event) and x.topic != "limits.denied"]
        assert news == [], "9: a repeat makes news"
        assert self.desk.book.accounts == before, "9: a repeat changes an account"

    @rule(later=chance.moments)
    def time_passes(self, later: timedelta) -> None:
        """A batch ends, with the states of all accounts that it changed, and the sweep comes."""
        for said in self.desk.end_batch(later):
            assert state(said) == self.model.state(said.account_id), "8: a state"
        self.model.now += later
        for one in self.desk.due():
            self.sweep(one)

    @precondition(lambda self: self.desk.book.holds)
    @rule(data=st.data())
    def the_sweep_looks_at_what_is_not_due(self, data: st.DataObject) -> None:
        account, hold = data.draw(st.sampled_from(list(self.desk.book.holds)), label="hold")
        self.sweep(HoldDue(account, hold))

    def sweep(self, due: Due) -> None:
        match due:
            case HoldDue():
                about, kind = due.hold_id, "hold"
            case InvitationDue():
                about, kind = due.member_id, "invitation"
            case _:
                about, kind = "", "account"
        said = list[Any](self.desk.tell(due))
        assert seen(said) == self.model.lapsed(due.account_id, about, kind), due
        self.witness.hear(said)

    @invariant()
    def the_book_is_true(self) -> None:
        self.witness.check(self.desk.book)
        for account_id, account in self.desk.book.accounts.items():
            plan = self.desk.book.plans.get(account.plan_code)
            if plan is None or plan.version <= account.plan_version:
                self.witness.note(account, state(self.desk.state(account_id)))


def other(account: str) -> str:
    return chance.ACCOUNTS[account == chance.ACCOUNTS[0]]


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=not IS_THOROUGH,
    database=None,
)
