"""The words of a no: templates with numbers, and what a person can do about it."""

from collections.abc import Sequence
from itertools import accumulate, takewhile

from services.credits.book import Account, Book
from services.credits.prices import Config, PriceList
from shared.contracts.errors import (
    CANCEL,
    UPGRADE,
    Action,
    Error,
    ErrorCode,
    StageEstimate,
    Suggestion,
    conflict,
)
from shared.contracts.money import Money

BUY = Action(label="Buy Credits", kind="open", target="purchase")
CHEAPER = Suggestion(kind="lower_quality", text="Lower the quality or the count.")
FEWER = Suggestion(kind="fewer_items", text="Run fewer items.")


def insufficient(book: Book, account: Account, required: int, of_its_run: int = 0) -> Error:
    """How much is missing, and the smallest purchase that covers it.

    `of_its_run`: what a run still holds for the operation, beside what is free.
    """
    available = account.available + of_its_run
    short = required - available
    return Error(
        code="credits.insufficient",
        http_status=402,
        title="Not Enough Credits",
        message=f"This needs {required:,} credits and {available:,} are available: "
        f"{short:,} more are needed.",
        retryable=False,
        suggestions=[*purchases(book, account, short), CHEAPER],
        actions=[BUY, UPGRADE, CANCEL],
        required=required,
        available=available,
        shortfall=short,
        held=account.held,
        unit="credits",
    )


def run_insufficient(book: Book, account: Account, stages: Sequence[StageEstimate]) -> Error:
    """The same for a whole run, with the stages from the first that would fit."""
    required, available = sum(stage.estimated for stage in stages), account.available
    short = required - available
    return Error(
        code="run.credits.insufficient",
        http_status=402,
        title="Not Enough Credits For This Run",
        message=f"This run needs {required:,} credits and {available:,} are available: "
        f"{short:,} more are needed.",
        retryable=False,
        suggestions=[*purchases(book, account, short), CHEAPER, FEWER],
        actions=[BUY, UPGRADE, CANCEL],
        required=required,
        available=available,
        shortfall=short,
        held=account.held,
        unit="credits",
        per_stage=stages,
        fitting_stages=fitting(stages, available),
    )


def fitting(stages: Sequence[StageEstimate], available: int) -> list[int]:
    """The longest run of stages from the first that fits."""
    sums = accumulate(stage.estimated for stage in stages)
    within = takewhile(lambda pair: pair[1] <= available, zip(stages, sums, strict=True))
    return [stage.stage for stage, _ in within]


def purchases(book: Book, account: Account, short: int) -> list[Suggestion]:
    """The package that covers what is missing, and the next plan up."""
    found, plan_code = [], book.plan_of(account)
    current = book.catalogue.plans.get(plan_code)
    package = book.catalogue.package_for(short)
    if package is not None and (current is None or current.allow_credit_topup is not False):
        text = f"Buy {package.name}: {package.credits:,} credits for {in_words(package.price)}."
        found.append(
            Suggestion(
                kind="buy_package",
                text=text,
                package_code=package.package_code,
                credits=package.credits,
                price=package.price,
            )
        )
    if plan := book.catalogue.next_plan(plan_code):
        text = f"Upgrade to {plan.name}: {plan.included_credits:,} credits a month."
        found.append(
            Suggestion(
                kind="upgrade_plan",
                text=text,
                plan_code=plan.plan_code,
                credits=plan.included_credits,
                price=plan.price,
            )
        )
    return found


def in_words(price: Money) -> str:
    return f"${price.amount_minor // 100}.{price.amount_minor % 100:02d}"


def not_offered(code: ErrorCode, message: str, allowed: list[str]) -> Error:
    return Error(
        code=code,
        http_status=422,
        title="Action Not Available",
        message=f"{message} Available: {', '.join(allowed)}.",
        retryable=False,
        suggestions=(),
        actions=(),
        allowed=allowed,
    )


def unknown_operation(prices: PriceList) -> Error:
    return not_offered("operation.unknown", "This action is not known.", prices.active_operations())


def disabled_operation(config: Config, prices: PriceList) -> Error:
    message = f"{config.display_name} is switched off."
    return not_offered("operation.disabled", message, prices.active_operations())


def unknown_model(prices: PriceList) -> Error:
    return not_offered("model.unknown", "This model is not offered.", prices.active_models())


def other_content(state: str) -> Error:
    return conflict("operation", state, "This operation was already requested with other content.")


def ended(state: str) -> Error:
    return conflict("operation", state, "This operation had ended before it was requested.")


def closed(state: str) -> Error:
    return conflict("operation", state, "This operation has ended: its hold cannot live longer.")


def other_run(state: str) -> Error:
    return conflict("run", state, "This run was already requested with other content.")


def ended_run(state: str) -> Error:
    return conflict("run", state, "This run had ended before it was requested.")


def closed_run(state: str) -> Error:
    return conflict("run", state, "This run has ended: its hold cannot live longer.")


def changed_since(kind: str, state: str, version: int) -> Error:
    """Somebody else was first; what to expect instead stands beside it."""
    message = f"This price has changed since you read it: it has version {version} now."
    return conflict(kind, state, message, version)
