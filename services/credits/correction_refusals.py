"""The words of a no to whoever wants credits back, or to change them by hand."""

from services.credits.book import Account
from shared.contracts.credits import AdjustmentRequested
from shared.contracts.errors import CANCEL, Error, Suggestion, conflict

FORCE = Suggestion(
    kind="contact_support", text="Or force the refund: what is spent is then not recovered."
)


def exceeds_unspent(asked: int, unspent: int) -> Error:
    """Part of what was bought is spent or in use: how much is left of it."""
    part = Suggestion(
        kind="fewer_items",
        text=f"Refund a part: {unspent:,} credits are unspent.",
        credits=unspent,
    )
    return Error(
        code="refund.exceeds.unspent",
        http_status=409,
        title="Part Of These Credits Is Spent",
        message=f"{asked:,} credits would have to go back and {unspent:,} of them are unspent.",
        retryable=False,
        suggestions=[part, FORCE] if unspent else [FORCE],
        actions=[CANCEL],
        unspent_credits=unspent,
    )


def other_refund(state: str) -> Error:
    return conflict("refund", state, "This refund was already requested with other content.")


def refund_ended(state: str) -> Error:
    return conflict("refund", state, "This refund had ended before its credits were frozen.")


def more_than_there_is(account: Account, wanted: AdjustmentRequested, room: int) -> Error:
    """Neither the bucket nor what is available may go below nothing."""
    required = -wanted.amount
    return Error(
        code="credits.insufficient",
        http_status=402,
        title="Not Enough Credits",
        message=f"{required:,} credits cannot be taken: {room:,} of the {wanted.bucket} bucket are "
        "available.",
        retryable=False,
        suggestions=[
            Suggestion(kind="fewer_items", text=f"Take at most {room:,} credits.", credits=room)
        ],
        actions=[CANCEL],
        required=required,
        available=room,
        shortfall=required - room,
        held=account.held,
        unit="credits",
    )


def other_adjustment(state: str) -> Error:
    return conflict("adjustment", state, "This adjustment was already asked with other content.")
