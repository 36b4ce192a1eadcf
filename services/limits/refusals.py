"""The words of a no: templates with numbers, and what a person can do about it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from services.limits.book import HARD_TYPES, Account, Book
from services.limits.book.plans import limit_in
from shared.contracts.errors import (
    CANCEL,
    UPGRADE,
    Action,
    Error,
    LimitType,
    Suggestion,
    conflict,
    unavailable,
)
from shared.contracts.invoicing import Plan
from shared.contracts.moments import end_of, in_milliseconds


class Words(NamedTuple):
    """How a limit is spoken of."""

    title: str
    unit: str
    manage: Action
    tidy: str  # What to do where nothing is left.


WORDS: Mapping[LimitType, Words] = MappingProxyType(
    {
        "sites": Words(
            "Site Limit Reached",
            "sites",
            Action(label="Manage Sites", kind="open", target="sites"),
            "Delete sites that you no longer need.",
        ),
        "users": Words(
            "Team Limit Reached",
            "users",
            Action(label="Manage Team", kind="open", target="team"),
            "Remove members or withdraw invitations that you no longer need.",
        ),
        "keywords": Words(
            "Keyword Limit Reached",
            "keywords",
            Action(label="Manage Keywords", kind="open", target="keywords"),
            "Delete keywords that you no longer need.",
        ),
        "ahrefs_queries": Words(
            "Keyword Research Limit Reached",
            "queries",
            Action(label="Browse Keywords", kind="open", target="browse"),
            "Browse the keyword database: that is free.",
        ),
    }
)
BROWSE = Suggestion(kind="browse_free", text=WORDS["ahrefs_queries"].tidy)
OWN_LIMIT = Suggestion(
    kind="contact_support",
    text="Contact support: this limit was set for your account, and no plan changes it.",
)
PLAN_UNKNOWN = "The limits of this account's plan are not known yet; nothing was done."
LAST_OWNER = "An account has an owner: make somebody else an owner first."
NOT_INVITED = "Whoever is only invited can own nothing: the invitation is not accepted yet."
HAS_LEFT = "This member has left, or the invitation has ended."


def reached(book: Book, account: Account, limit_type: LimitType, requested: int) -> Error:
    """How much is taken and what is left, and how there can be more."""
    words, room = WORDS[limit_type], book.room(account, limit_type)
    assert room.limit is not None, "without a limit nothing is refused"
    is_monthly = limit_type not in HARD_TYPES
    return Error(
        code="limit.reached",
        http_status=402,
        title=words.title,
        message=f"{room.current:,} of {room.limit:,} {words.unit} are in use: "
        f"{requested:,} more {'was' if requested == 1 else 'were'} asked for, "
        f"and {room.available:,} can be had.",
        retryable=False,
        suggestions=[*ways_out(account, limit_type), *more(book, account, limit_type)],
        actions=[words.manage, *buttons(account, limit_type)],
        limit_type=limit_type,
        current=room.current,
        held=room.held,
        limit=room.limit,
        requested=requested,
        available=room.available,
        over_by=max(0, room.current - room.limit),
        unit=words.unit,
        resets_at=in_milliseconds(end_of(account.window)) if is_monthly else None,
    )


def ways_out(account: Account, limit_type: LimitType) -> list[Suggestion]:
    """Make room, or wait for the month's end."""
    if limit_type in HARD_TYPES:
        return [Suggestion(kind="delete_unused", text=WORDS[limit_type].tidy)]
    day = end_of(account.window)
    return [Suggestion(kind="wait_reset", text=f"Wait until {day:%Y-%m-%d}."), BROWSE]


def not_included(book: Book, account: Account, limit_type: LimitType) -> Error:
    """Of what the plan does not have at all, or what this very account may not have."""
    suggestions = more(book, account, limit_type)
    free = [] if limit_type in HARD_TYPES else [BROWSE]
    return Error(
        code="feature.not.included",
        http_status=402,
        title="Not Included In Your Plan",
        message=nothing_of(account, limit_type),
        retryable=False,
        suggestions=[*free, *suggestions],
        actions=buttons(account, limit_type),
        limit_type=limit_type,
        limit=0,
        plan_code=next((each.plan_code for each in suggestions), None),
    )


def nothing_of(account: Account, limit_type: LimitType) -> str:
    unit = WORDS[limit_type].unit
    if account.own_limit(limit_type) is not None:
        return f"This account may have no {unit}: its own limit is 0."
    return f"Your plan includes no {unit} of this kind."


def buttons(account: Account, limit_type: LimitType) -> list[Action]:
    """Another plan is offered to whom it would help."""
    return [UPGRADE, CANCEL] if account.own_limit(limit_type) is None else [CANCEL]


def more(book: Book, account: Account, limit_type: LimitType) -> list[Suggestion]:
    """How there can be more: a limit of the account's own goes before that of every plan."""
    if account.own_limit(limit_type) is not None:
        return [OWN_LIMIT]
    return upgrade(book, account, limit_type)


def upgrade(book: Book, account: Account, limit_type: LimitType) -> list[Suggestion]:
    """The next plan that lifts this very limit, with its number."""
    plan = next_plan(book, account, limit_type)
    if plan is None:
        return []
    limit, unit = limit_in(plan, limit_type), WORDS[limit_type].unit
    much = f"{'unlimited' if limit is None else f'{limit:,}'} {unit}"
    monthly = "" if limit_type in HARD_TYPES else " a month"
    text = f"Upgrade to {plan.name}: {much}{monthly}."
    return [
        Suggestion(
            kind="upgrade_plan",
            text=text,
            plan_code=plan.plan_code,
            limit=limit,
            price=plan.price,
        )
    ]


def next_plan(book: Book, account: Account, limit_type: LimitType) -> Plan | None:
    """The cheapest plan on offer that costs more than the account's and allows more of this."""
    current, allowed = book.plans.get(account.plan_code), book.limit_of(account, limit_type)
    paid = -1 if current is None else current.price.amount_minor
    better = [
        plan
        for plan in book.plans.values()
        if plan.is_active and plan.price.amount_minor > paid and lifts(plan, limit_type, allowed)
    ]
    return min(better, key=lambda plan: plan.price.amount_minor, default=None)


def lifts(plan: Plan, limit_type: LimitType, allowed: int | None) -> bool:
    limit = limit_in(plan, limit_type)
    return allowed is not None and (limit is None or limit > allowed)


def plan_unknown() -> Error:
    return unavailable(PLAN_UNKNOWN)


def other_content(kind: str, state: str) -> Error:
    return conflict(kind, state, "This id was already used with other content.")


def failed_before(state: str) -> Error:
    return conflict("hold", state, "This site had failed before it was asked for.")


def already_member(state: str) -> Error:
    said = "has a seat in" if state == "active" else "is invited to"
    return conflict("member", state, f"Whoever has this address {said} the team already.")


def last_owner(state: str) -> Error:
    return conflict("member", state, LAST_OWNER)


def not_active_yet(state: str) -> Error:
    return conflict("member", state, NOT_INVITED)


def has_left(state: str) -> Error:
    return conflict("member", state, HAS_LEFT)


def owns_already(role: str) -> Error:
    return conflict("member", role, "Whoever asks owns this account already.")


def other_role(role: str) -> Error:
    return conflict("member", role, f"The member's role has changed since: it is {role} now.")


def changed_since(version: int) -> Error:
    """Somebody else was first; what to expect instead stands beside it."""
    message = f"This limit was changed since you read it: its override has version {version} now."
    return conflict("override", "changed", message, version)
