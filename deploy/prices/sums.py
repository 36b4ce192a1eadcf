"""Old and new prices side by side: summed up by account and by action, a few numbers each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from deploy.prices.replay import Compared
from deploy.prices.uses import Use
from services.credits.prices import usd_text
from shared.contracts.types import JsonObject


@dataclass(slots=True)
class Sum:
    """What some rows cost, and what they would have cost; USD in units of 10^-8."""

    actions: int = 0
    old: int = 0
    new: int = 0
    old_usd: int = 0
    new_usd: int = 0
    without_usd: int = 0  # Rows whose model has no price, before or after: in neither sum of USD.
    uncertain: int = 0  # Rows whose price the log alone does not explain.

    def add(self, rows: Iterable[Compared]) -> None:
        """Add the rows of one operation."""
        self.actions += 1
        for row in rows:
            self.old += row.old.credits
            self.new += row.new.credits
            self.uncertain += not row.is_certain
            if row.old.usd is None or row.new.usd is None:
                self.without_usd += 1
            else:
                self.old_usd += row.old.usd
                self.new_usd += row.new.usd

    @property
    def as_json(self) -> JsonObject:
        return {
            "actions": self.actions,
            "credits": {"old": self.old, "new": self.new},
            "cost_usd": {"old": usd_text(self.old_usd), "new": usd_text(self.new_usd)},
            "without_usd": self.without_usd,
            "uncertain": self.uncertain,
        }


@dataclass(slots=True)
class Account:
    """One account: its sum, and a sum an action."""

    account_id: str
    total: Sum = field(default_factory=Sum)
    actions: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))

    def add(self, operation: Sequence[Use], rows: Sequence[Compared]) -> None:
        self.total.add(rows)
        self.actions[operation[0].operation_type].add(rows)
