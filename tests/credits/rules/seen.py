"""What credits says, in the few words that a second reading of the rules can say as well.

Ids and texts are left out: nobody can foretell the ones, and the others have tests of their own.
"""

from datetime import datetime
from fractions import Fraction
from typing import NamedTuple, TypeAlias


class Answer(NamedTuple):
    """What a command is answered: "ok" or the code of the error, and its numbers."""

    about: str
    code: str = "ok"
    replayed: bool = False
    state: str | None = None
    required: int | None = None
    held: int | None = None
    available: int | None = None
    shortfall: int | None = None
    charged: int | None = None
    until: datetime | None = None
    prices: int | None = None
    unspent: int | None = None
    version: int | None = None
    parts: tuple[tuple[int, int], ...] | None = None  # Of a run: what each stage needs.
    fitting: tuple[int, ...] | None = None


class Fact(NamedTuple):
    """What moved, and the account after it."""

    topic: str
    about: str
    moved: int
    seq: int
    version: int
    balance: int
    available: int
    rest: int | None = None  # Of its own hold; what it was estimated at; what it asked for.
    shortfall: int | None = None
    late: bool | None = None
    deltas: tuple[int, int] | None = None
    reason: str | None = None
    run: str | None = None
    stage: int | None = None


class Used(NamedTuple):
    """A row of the usage log."""

    about: str
    kind: str
    status: str
    credits: int
    shortfall: int
    dollars: Fraction | None
    model: str | None
    tokens: tuple[int | None, int | None]
    is_estimated: bool
    quality: str | None
    items: int
    prices: int
    run: str | None = None
    stage: int | None = None


class Warned(NamedTuple):
    """An alert to operators."""

    kind: str
    severity: str
    about: str


class State(NamedTuple):
    """An account at the end of a batch."""

    account: str
    buckets: tuple[int, int]
    held: int
    available: int
    plan: str
    allocation: int
    used: int
    month: str
    status: str
    seq: int
    version: int


class Approved(NamedTuple):
    """A run may begin."""

    run: str
    estimated: int
    held: int
    until: datetime


class StageBilled(NamedTuple):
    """What one report about a stage cost."""

    about: str
    credits: int
    operations: int
    shortfall: int
    run_remaining: int


class Closed(NamedTuple):
    """How a run ended; of each stage: number, type, state, estimate, charge, items."""

    run: str
    state: str
    reason: str | None
    estimated: int
    charged: int
    released: int
    shortfall: int
    stages: tuple[tuple[int, str, str, int, int, int], ...]


class Repriced(NamedTuple):
    """A row of a price list has another version, and with it all prices."""

    about: str
    prices: int


class Audited(NamedTuple):
    """Somebody changed something by hand."""

    action: str
    kind: str
    about: str


class Dead(NamedTuple):
    """A report that nobody can price."""

    kind: str


Seen: TypeAlias = (
    Answer
    | Fact
    | Used
    | Warned
    | State
    | Approved
    | StageBilled
    | Closed
    | Repriced
    | Audited
    | Dead
)
