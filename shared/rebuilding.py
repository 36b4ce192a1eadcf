"""What is derived from other rows is computed anew, lane by lane, and repaired where it differs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from shared.postgres import Pool


class Wrong(Protocol):
    """Something that is not what it is computed to be."""

    @property
    def words(self) -> str:
        """What differs, for people."""


W = TypeVar("W", bound=Wrong)


@dataclass(slots=True)
class Compared(Generic[W]):
    """What was found in a lane."""

    lane: int
    count: int
    wrong: Sequence[W]


class Step(NamedTuple):
    """Something that is derived: how it is compared, and how what differs is repaired."""

    compared: Callable[[Pool], AsyncIterator[Compared[Any]]]
    repair: Callable[[Pool, Sequence[Any]], Awaitable[None]]


class Rebuilding(NamedTuple):
    """What a service can compute anew, in this order: `REBUILDING` in its module `rebuild`."""

    what: str  # Is compared: `sums`.
    repaired: str  # Is repaired as one: `days`.
    steps: Sequence[Step]
