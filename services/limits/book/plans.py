"""What a plan allows."""

from shared.contracts.errors import LimitType
from shared.contracts.invoicing import Plan


def limit_in(plan: Plan, limit_type: LimitType) -> int | None:
    """How much of this a plan allows; None is unlimited, 0 is not included."""
    limit: int | None = getattr(plan, f"max_{limit_type}")
    return limit
