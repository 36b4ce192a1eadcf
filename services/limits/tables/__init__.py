"""The tables of limits, with the checks that repeat the invariants of the domain.

A file a subject: to be described here is to be known to migrations and to whoever compares them.
"""

from services.limits.tables import accounts, credits, holds, members
from services.limits.tables.columns import metadata

__all__ = ["accounts", "credits", "holds", "members", "metadata"]
