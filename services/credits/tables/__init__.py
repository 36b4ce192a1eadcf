"""The tables of credits, with the checks that repeat the invariants of the domain.

A file a subject: to be described here is to be known to migrations and to whoever compares them.
"""

from services.credits.tables import (
    accounts,
    alerts,
    audit,
    catalogue,
    clawbacks,
    extensions,
    health,
    ledger,
    rollups,
    runs,
)
from services.credits.tables.columns import metadata

__all__ = [
    "accounts",
    "alerts",
    "audit",
    "catalogue",
    "clawbacks",
    "extensions",
    "health",
    "ledger",
    "metadata",
    "rollups",
    "runs",
]
