"""A second reading of the rules of limits, that shares no code with them.

It knows nothing of books and counters: every number is counted anew from what was heard.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from shared.asked import Asked
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.limits import (
    HoldConfirmed,
    HoldReleased,
    HoldRequested,
    InviteAccepted,
    InviteExpired,
    InviteRequested,
    KeywordDeleted,
    MemberRemoveRequested,
    OverrideUpdateRequested,
    OwnershipTransferRequested,
    RoleChangeRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
    SiteDeleted,
)
from shared.contracts.message import Message
from tests.limits.rules.model import holding, teaming
from tests.limits.rules.model.room import follows
from tests.limits.rules.model.world import TYPES, Customer, Offer, Own, World, next_first
from tests.limits.rules.seen import Answer, Dead, Fact, Seen, Warned

Obeyed: TypeAlias = Callable[[World, Customer, Any], list[Seen]]
Decided: TypeAlias = Callable[[World, Customer, Any, Asked], list[Seen]]


def status_changed(_: World, one: Customer, said: AccountStatusChanged) -> list[Seen]:
    one.status = max(one.status, (said.version, said.status), key=lambda pair: pair[0])
    return []


def subscribed(_: World, one: Customer, said: SubscriptionStateChanged) -> list[Seen]:
    code = said.plan_code if said.status not in ("incomplete", "canceled") else "free"
    one.plan = max(one.plan, (said.version, code), key=lambda pair: pair[0])
    return []


def overridden(
    world: World, one: Customer, said: OverrideUpdateRequested, asked: Asked
) -> list[Seen]:
    kind, known = said.limit_type, one.own[said.limit_type]
    wanted = Own(said.expected_version + 1, not said.clear, said.limit, said.reason)
    if known != wanted and known.version != said.expected_version:
        return [Answer("conflict", ("override", "changed", known.version))]
    if known == wanted:
        return [one.answers[said.topic, kind][1]._replace(again=True)]
    one.own[kind] = wanted
    answer = Answer("ok", (world.row(one, kind), wanted.version))
    one.answers[said.topic, kind] = said, answer
    return [answer, teaming.audited(said, asked, "limit")]


EVENTS: Mapping[type[Message], Obeyed] = {
    AccountOpened: teaming.opened,
    AccountStatusChanged: status_changed,
    HoldConfirmed: holding.confirmed,
    HoldReleased: holding.released,
    HoldRequested: holding.requested,
    KeywordDeleted: holding.keywords_deleted,
    SiteCreated: holding.site_created,
    SiteCreationFailed: holding.site_failed,
    SiteCreationRequested: holding.requested,
    SiteDeleted: holding.site_deleted,
    SubscriptionStateChanged: subscribed,
}
BY_SOMEBODY: Mapping[type[Message], Decided] = {
    InviteAccepted: teaming.accepted,
    InviteExpired: teaming.expired,
    InviteRequested: teaming.invited,
    MemberRemoveRequested: teaming.removed,
    OverrideUpdateRequested: overridden,
    OwnershipTransferRequested: teaming.transferred,
    RoleChangeRequested: teaming.role_changed,
}


class Model(World):
    """All accounts, at a moment that moves."""

    def obey(self, said: Message, asked: Asked) -> list[Seen]:
        """What a message makes limits say: the reply, the rest, and the alerts last."""
        if isinstance(said, PlanUpdated):
            return self.plan(said)

        def rule(one: Customer) -> list[Seen]:
            if type(said) in EVENTS:
                return EVENTS[type(said)](self, one, said)
            return BY_SOMEBODY[type(said)](self, one, said, asked)

        return self.told(said.account_id or "", rule)

    def lapsed(self, account: str, about: str, kind: str) -> list[Seen]:
        """What the sweep makes of a hold, an invitation, or an account that is behind."""

        def rule(_: Customer) -> list[Seen]:
            if kind == "hold":
                return holding.lapsed(self, account, about)
            return teaming.lapsed(self, account, about) if kind == "invitation" else []

        return self.told(account, rule)

    def told(self, account: str, rule: Callable[[Customer], list[Seen]]) -> list[Seen]:
        one = self.customers[account]
        is_late, news = bool(one.month) and one.month < self.month, list[Seen]()
        one.month = max(one.month, self.month)
        if is_late:
            news = [Fact("limits.window.opened", (one.month, next_first(one.month)))]
        before = {kind: one.used(kind) for kind in TYPES}
        said = rule(one)
        tail = follows(self, one, before)
        if any(isinstance(each, Dead) for each in said):
            said, tail = [], [*tail, *said]
        replies = [each for each in said if isinstance(each, Answer)]
        facts = [each for each in [*said, *tail] if not isinstance(each, Answer | Warned)]
        alerts = [each for each in tail if isinstance(each, Warned)]
        return [*replies, *news, *facts, *alerts]

    def plan(self, said: PlanUpdated) -> list[Seen]:
        known = self.offers.get(said.plan_code)
        if known is None or known.version < said.version:
            limits = {kind: getattr(said, f"max_{kind}") for kind in TYPES}
            dollars = said.price.amount_minor // 100
            self.offers[said.plan_code] = Offer(said.version, dollars, limits)
        return []
