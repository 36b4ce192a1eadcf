"""Who reads and who writes what: one line a service."""

from typing import NamedTuple

from shared.contracts import credits, limits
from shared.contracts.asking import Params
from shared.contracts.credits.queries import ASKED as ASKED_OF_CREDITS
from shared.contracts.limits.queries import ASKED as ASKED_OF_LIMITS
from shared.contracts.message import Message, Request
from shared.contracts.operating import AlertReadRequested


class Service(NamedTuple):
    """A service as others see it."""

    name: str
    obeyed: tuple[type[Message], ...]
    queries: tuple[type[Request], ...]
    announced: tuple[type[Message], ...]
    asked: tuple[type[Params], ...]  # What its query can ask.
    watched: tuple[type[Message], ...] = ()  # What it reads beside the queries, to answer by it.

    @property
    def read(self) -> tuple[type[Message], ...]:
        """All that it reads."""
        return (*self.obeyed, *self.queries, *self.watched)


CREDITS = Service("credits", credits.OBEYED, credits.QUERIES, credits.ANNOUNCED, ASKED_OF_CREDITS)
LIMITS = Service(
    "limits", limits.OBEYED, limits.QUERIES, limits.ANNOUNCED, ASKED_OF_LIMITS, limits.WATCHED
)
SERVICES = (CREDITS, LIMITS)


def answering(command: Request) -> Service:
    """Who answers a command; several may obey one, and then it names whom it means."""
    obeying = [service for service in SERVICES if type(command) in service.obeyed]
    if isinstance(command, AlertReadRequested):
        return next((one for one in obeying if one.name == command.source), obeying[0])
    return obeying[0]
