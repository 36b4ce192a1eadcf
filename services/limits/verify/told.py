"""What everybody was told of one account: how it stands, and which limits it has passed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from services.limits import outcomes
from services.limits.book import NO_WINDOW, Account, Book
from shared.contracts.errors import LimitType
from shared.contracts.limits import OverageCleared, OverageDetected, UsageChanged, WindowOpened
from shared.contracts.types import Json
from shared.verify.order import Versions, contradiction, differing
from shared.verifying import Violation

Said: TypeAlias = UsageChanged | WindowOpened | OverageDetected | OverageCleared


@dataclass(slots=True)
class Told:
    """The newest of each, whenever it was told; `version` is of what was told before we looked."""

    version: int = 0
    state: UsageChanged | None = None
    passed: dict[LimitType, tuple[int, int]] = field(default_factory=dict)  # Version, by how much.

    def hear(self, said: Said) -> None:
        if isinstance(said, UsageChanged):
            if self.state is None or said.version >= self.state.version:
                self.state = said
        elif isinstance(said, OverageDetected | OverageCleared):
            for item in said.items:
                if said.version >= self.passed.get(item.type, (0, 0))[0]:
                    self.passed[item.type] = said.version, item.over_by


def contradictions(book: Book, account: Account, told: Told) -> Iterator[Violation]:
    """Where what everybody believes is not what stands in the books."""
    state, account_id = told.state, account.account_id
    versions = Versions(account.version, told.version, state.version if state else 0)
    if wrong := contradiction(account_id, versions):
        yield wrong
    elif state and state.version == account.version and follows(book, account):
        stands = fields_of(outcomes.usage_changed(book, account))
        if wrong := differing(account_id, fields_of(state), stands):
            yield wrong
    yield from otherwise_passed(book, account, told)


def follows(book: Book, account: Account) -> bool:
    """Whether the account has heard of its plan as that stands now: the sweep sees to it."""
    plan = book.plans.get(account.plan_code)
    return plan is None or plan.version <= account.plan_version


def fields_of(state: UsageChanged) -> Mapping[str, Json]:
    """Limit by limit, without the moment."""
    said: dict[str, Json] = msgspec.to_builtins(state)
    limits = {row.type: msgspec.to_builtins(row) for row in state.limits}
    return {name: said[name] for name in said if name not in ("at", "limits")} | limits


def otherwise_passed(book: Book, account: Account, told: Told) -> Iterator[Violation]:
    """Less than was told goes without saying; more, or nothing, is told."""
    for limit_type, (version, said) in told.passed.items():
        over_by = book.counter_at(account, limit_type, NO_WINDOW).over_by
        if version <= account.version and (over_by > said or (said > 0) != (over_by > 0)):
            what = "a limit was announced as passed by something else"
            numbers: dict[str, Json] = {"type": limit_type, "announced": said, "over_by": over_by}
            yield Violation(account.account_id, what, numbers)
