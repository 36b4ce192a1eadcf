"""The one shape of a no (`payloads.md` 2), and the words of those that every service says."""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from shared.contracts.money import Money
from shared.contracts.types import AccountStatus

SuggestionKind: TypeAlias = Literal[
    "delete_unused",
    "upgrade_plan",
    "buy_package",
    "wait_reset",
    "browse_free",
    "lower_quality",
    "fewer_items",
    "pay_invoice",
    "contact_support",
    "ask_owner",
    "split_file",
    "try_again",
    "other_method",
]
Target: TypeAlias = Literal[
    "keywords", "sites", "team", "plans", "purchase", "invoices", "browse", "none"
]
LimitType: TypeAlias = Literal["sites", "users", "keywords", "ahrefs_queries"]
ErrorCode: TypeAlias = Literal[
    "limit.reached",
    "feature.not.included",
    "credits.insufficient",
    "run.credits.insufficient",
    "account.suspended",
    "account.cancelled",
    "forbidden",
    "topup.not.allowed",
    "not.found",
    "conflict",
    "keyword.duplicate",
    "refund.exceeds.unspent",
    "invalid",
    "import.unreadable",
    "import.too.large",
    "operation.unknown",
    "operation.disabled",
    "model.unknown",
    "package.unavailable",
    "plan.unavailable",
    "method.unavailable",
    "payment.declined",
    "provider.failed",
    "provider.timeout",
    "rate.limited",
    "unavailable",
]
RETRY_AFTER_SECONDS = 5


class Piece(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A part of an error."""


class Suggestion(Piece, frozen=True, kw_only=True):
    """What a person can do about a refusal."""

    kind: SuggestionKind
    text: str
    plan_code: str | None = None
    limit: int | None = None
    package_code: str | None = None
    credits: int | None = None
    price: Money | None = None


class Action(Piece, frozen=True, kw_only=True):
    """A button beside it."""

    label: str
    kind: Literal["open", "dismiss"]
    target: Target


class Problem(Piece, frozen=True, kw_only=True):
    """A field to mend, and what is wrong with it."""

    path: str
    reason: str


class StageEstimate(Piece, frozen=True, kw_only=True):
    """What one stage of a run needs."""

    stage: int
    operation_type: str
    count: int
    estimated: int


class Error(Piece, frozen=True, kw_only=True):
    """Why a command was refused, in words and numbers that a person can act on."""

    code: ErrorCode
    http_status: int
    title: str
    message: str
    retryable: bool
    suggestions: Sequence[Suggestion]
    actions: Sequence[Action]
    # The fields of single codes stand flat beside it.
    limit_type: LimitType | None = None
    current: int | None = None
    held: int | None = None
    limit: int | None = None
    requested: int | None = None
    required: int | None = None
    available: int | None = None
    shortfall: int | None = None
    over_by: int | None = None
    unit: str | None = None
    resets_at: str | None = None
    candidates: int | None = None
    per_stage: Sequence[StageEstimate] | None = None
    fitting_stages: Sequence[int] | None = None
    reason: str | None = None
    since: str | None = None
    roles: Sequence[str] | None = None
    plan_code: str | None = None
    kind: str | None = None
    state: str | None = None
    version: int | None = None
    keyword_id: str | None = None
    refundable: Money | None = None
    unspent_credits: int | None = None
    fields: Sequence[Problem] | None = None
    rows: int | None = None
    size_bytes: int | None = None
    allowed: Sequence[str] | None = None
    alternatives: Sequence[str] | None = None
    invoice_id: str | None = None
    payment_id: str | None = None
    query_id: str | None = None
    retry_after_s: int | None = None


CANCEL = Action(label="Cancel", kind="dismiss", target="none")
UPGRADE = Action(label="Upgrade Plan", kind="open", target="plans")
PAY = Action(label="Pay Invoice", kind="open", target="invoices")
PAY_FIRST = Suggestion(kind="pay_invoice", text="Pay the open invoice.")
SUPPORT = Suggestion(kind="contact_support", text="Contact support.")
TRY_AGAIN = Suggestion(kind="try_again", text=f"Try again in {RETRY_AFTER_SECONDS} seconds.")


def invalid(problems: Sequence[Problem]) -> Error:
    """The fields to mend, in the order in which they were found."""
    named = [problem.path for problem in problems if problem.path]
    return Error(
        code="invalid",
        http_status=422,
        title="Please Check Your Input",
        message=f"Please check {', '.join(named)}." if named else "Please check what you sent.",
        retryable=False,
        suggestions=(),
        actions=(),
        fields=problems,
    )


def forbidden(roles: Iterable[str]) -> Error:
    """The roles that may do this."""
    needed = sorted(roles)
    return Error(
        code="forbidden",
        http_status=403,
        title="You Cannot Do This",
        message="Your role in this account does not allow this, or you are not signed in to it.",
        retryable=False,
        suggestions=(Suggestion(kind="ask_owner", text="Ask an owner or admin of the account."),),
        actions=(),
        roles=needed,
    )


def unavailable(message: str = "This could not be checked just now; nothing was done.") -> Error:
    """Closed, never open: nothing was done and the id is free."""
    return Error(
        code="unavailable",
        http_status=503,
        title="Please Try Again Shortly",
        message=message,
        retryable=True,
        suggestions=(TRY_AGAIN,),
        actions=(),
        retry_after_s=RETRY_AFTER_SECONDS,
    )


def conflict(kind: str, state: str, message: str, version: int | None = None) -> Error:
    """Something of this id exists already, in another state or with other content."""
    return Error(
        code="conflict",
        http_status=409,
        title="Already Done Differently",
        message=message,
        retryable=False,
        suggestions=(),
        actions=(),
        kind=kind,
        state=state,
        version=version,
    )


def not_active(status: AccountStatus, reason: str, since: str) -> Error:
    """The account may do nothing new until it is active again."""
    paused = status == "suspended"
    return Error(
        code="account.suspended" if paused else "account.cancelled",
        http_status=403,
        title="Account Paused" if paused else "Account Closed",
        message="This account is paused." if paused else "This account is closed.",
        retryable=False,
        suggestions=(PAY_FIRST, SUPPORT) if paused else (SUPPORT,),
        actions=(PAY, CANCEL) if paused else (CANCEL,),
        reason=reason,
        since=since,
    )


def not_found(kind: str) -> Error:
    """Also for another tenant's ids."""
    return Error(
        code="not.found",
        http_status=404,
        title="Not Found",
        message=f"There is no such {kind} in this account.",
        retryable=False,
        suggestions=(),
        actions=(),
        kind=kind,
    )
