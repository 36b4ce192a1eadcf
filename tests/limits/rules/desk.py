"""The rules with a memory: keeps the book from batch to batch, as the store does in rows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from services.limits.book import Account, Book
from services.limits.domain import (
    BY_A_SERVICE,
    Asked,
    Due,
    HoldDue,
    InvitationDue,
    PlanDue,
    Unfit,
    WindowDue,
    decide,
    standings,
)
from shared.contracts.errors import LimitType
from shared.contracts.limits import (
    HoldGranted,
    HoldReplied,
    Invited,
    InviteReplied,
    LimitRow,
    SiteApproved,
    SiteCreationReplied,
    UsageChanged,
)
from shared.contracts.message import Message, Reply
from shared.lanes import lane_of
from shared.mirror import SEED_PLANS
from tests.hearing import only
from tests.limits.making import OWNER, asks_for, confirmed, opened
from tests.making import ANN, on_plan, uuid

Given = TypeVar("Given")
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)  # The clock of the scenarios.
FIRST_ID = 1 << 40
BY_OWNER = Asked("owner", OWNER, "by-owner")
BY_ADMIN = Asked("admin", "anna", "by-admin")
BY_DEVELOPER = Asked("developer", "dora", "ticket-7")


class Desk:
    """One service without a database: tell it things, and hear what it says."""

    def __init__(self, now: datetime = NOON) -> None:
        ids = (uuid(number) for number in count(FIRST_ID))
        self.book = Book(now=now, ids=ids, plans=SEED_PLANS, accounts={})

    def tell(self, *messages: Message | Due, asked: Asked = BY_A_SERVICE) -> list[Message | Unfit]:
        """What each of them makes limits say, in order, its alerts last."""
        said = list[Message | Unfit]()
        for message in messages:
            alerts = len(self.book.alerts)
            if message.account_id is not None:
                self.account(message.account_id)
            said += decide(self.book, message, asked)
            said += self.book.alerts[alerts:]
        return said

    def account(self, account_id: str = ANN) -> Account:
        """An account; of one that nobody spoke of there is a row with nothing in it."""
        known = self.book.accounts.get(account_id)
        return known or self.book.accounts.setdefault(
            account_id, Account(lane_of(account_id), account_id)
        )

    def due(self) -> list[Due]:
        """Whatever the sweep finds at this moment."""
        book, found = self.book, list[Due]()
        for hold in book.holds.values():
            if hold.state == "held" and hold.expires_at <= book.now:
                found.append(HoldDue(hold.account_id, hold.hold_id))
        for member in book.members.values():
            if member.state == "invited" and member.expires_at and member.expires_at <= book.now:
                found.append(InvitationDue(member.account_id, member.member_id))
        for account in book.accounts.values():
            if account.window < book.window:
                found.append(WindowDue(account.account_id, book.window))
            plan = book.plans.get(account.plan_code)
            if plan is not None and plan.version > account.plan_version:
                found.append(PlanDue(account.account_id, plan.plan_code, plan.version))
        return found

    def sweep(self) -> list[Message | Unfit]:
        return self.tell(*self.due())

    def end_batch(self, later: timedelta = timedelta()) -> Sequence[UsageChanged]:
        """End the batch, and begin another one so much later."""
        states, old = standings(self.book), self.book
        for account in old.accounts.values():
            account.first_version = account.version
        self.book = Book(
            now=old.now + later,
            ids=old.ids,
            plans=old.plans,
            accounts=old.accounts,
            holds=old.holds,
            asked=old.asked,
            members=old.members,
            resources=old.resources,
            kept=old.kept,
            marks=old.marks,
        )
        return states

    def until(self, moment: datetime) -> list[Message | Unfit]:
        """Let time pass, and the sweep come."""
        self.end_batch(moment - self.book.now)
        return self.sweep()

    def state(self, account: str = ANN) -> UsageChanged:
        """An account as it would be announced."""
        first, self.account(account).first_version = self.account(account).first_version, -1
        (found,) = [state for state in standings(self.book) if state.account_id == account]
        self.account(account).first_version = first
        return found

    def row(self, limit_type: LimitType, account: str = ANN) -> LimitRow:
        (found,) = [row for row in self.state(account).limits if row.type == limit_type]
        return found

    def used(self, limit_type: LimitType) -> tuple[int, int]:
        """What is used and held."""
        return self.row(limit_type).current, self.row(limit_type).held


def desk_on(plan: str = "starter", keywords: int = 0, queries: int = 0) -> Desk:
    """Ann's account with its owner on a plan, so many keywords and queries of this month used."""
    desk = Desk()
    desk.tell(on_plan(plan), opened())
    for number, (limit_type, quantity) in enumerate(
        [("keywords", keywords), ("ahrefs_queries", queries)], start=0xF0
    ):
        if quantity:
            use(desk, number, quantity, limit_type)
    desk.end_batch()
    return desk


def use(desk: Desk, number: int, quantity: int, limit_type: str = "keywords") -> list[object]:
    """Hold so many and confirm them."""
    hold = held(desk.tell(asks_for(number, quantity, limit_type)))
    return list(desk.tell(confirmed(hold.hold_id, quantity)))


def held(said: Iterable[object]) -> HoldGranted:
    return given(HoldGranted, only(HoldReplied, said))


def approved(said: Iterable[object]) -> SiteApproved:
    return given(SiteApproved, only(SiteCreationReplied, said))


def invited(said: Iterable[object]) -> Invited:
    return given(Invited, only(InviteReplied, said))


def given(kind: type[Given], reply: Reply) -> Given:
    """What a reply grants."""
    assert isinstance(reply.data, kind), reply
    return reply.data
