"""All SQL that answers questions about limits; read-only, a fixed number of statements a kind.

A file a subject: each has its look-ups, which take all questions of their kind in a poll at once.
"""

from collections.abc import Mapping
from types import MappingProxyType

from services.limits.queries.books import Books, Library
from services.limits.queries.commands import command_outcomes
from services.limits.queries.team import everybody, teams
from services.limits.queries.usage import summaries, usage
from shared.alerting.listing import alerts
from shared.asking import Desk, LookUp
from shared.audit_pages import audits, audits_of_all
from shared.contracts.asking import Params
from shared.contracts.limits.queries import AskLimits, AskSummary, AskTeam
from shared.contracts.operating import AskAlerts, AskAudit, AskHealth, AskOutcome
from shared.health.answers import health

__all__ = ["Books", "make_desk"]

ABOUT_ONE: Mapping[type[Params], LookUp[Books]] = MappingProxyType(
    {
        AskLimits: usage,
        AskSummary: summaries,
        AskTeam: teams,
        AskOutcome: command_outcomes,
        AskAudit: audits,
        AskAlerts: alerts,
        AskHealth: health,
    }
)
ABOUT_ALL: Mapping[type[Params], LookUp[Books]] = MappingProxyType(
    {
        AskTeam: everybody,
        AskAudit: audits_of_all,
        AskHealth: health,  # It is about no account.
    }
)


def make_desk(name: str, clock_offset: float) -> Desk[Books]:
    """Where the questions of a service's group are answered."""
    return Desk(name, Library(clock_offset).open, ABOUT_ONE, ABOUT_ALL)
