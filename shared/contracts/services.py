"""Who reads and who writes what: one line a service."""

from typing import NamedTuple

from shared.contracts.asking import Params
from shared.contracts.credits import ANNOUNCED, OBEYED, QUERIES
from shared.contracts.credits.queries import ASKED
from shared.contracts.message import Message, Request


class Service(NamedTuple):
    """A service as others see it."""

    name: str
    obeyed: tuple[type[Message], ...]
    queries: tuple[type[Request], ...]
    announced: tuple[type[Message], ...]
    asked: tuple[type[Params], ...]  # What its query can ask.


CREDITS = Service("credits", OBEYED, QUERIES, ANNOUNCED, ASKED)
SERVICES = (CREDITS,)
