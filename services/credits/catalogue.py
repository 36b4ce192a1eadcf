"""What credits knows of prices, plans and packages: read once a version, shared by all batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from typing import TypeVar

from services.credits.prices import Config, Model, PriceList
from shared.contracts.credits import CostConfig, ModelPrice
from shared.contracts.invoicing import Package, Plan

FREE = "free"
Row = TypeVar("Row")


@dataclass(frozen=True)
class Prices:
    """The price lists of all versions; an operation is charged by the one of its hold (P11)."""

    configs: Sequence[tuple[int, CostConfig]]  # With the price version from which each counts.
    models: Sequence[tuple[int, ModelPrice]]

    @cached_property
    def version(self) -> int:
        """It rises by one with every change of a row."""
        return max(since for since, _ in (*self.configs, *self.models))

    @cached_property
    def first(self) -> int:
        """The version of the seed rows."""
        return min(since for since, _ in (*self.configs, *self.models))

    @cached_property
    def latest(self) -> PriceList:
        return self.at(self.version)

    @cached_property
    def configs_now(self) -> Mapping[str, tuple[int, CostConfig]]:
        """Each row as it stands, with the price version from which it counts."""
        return {row.operation_type: (since, row) for since, row in in_order(self.configs)}

    @cached_property
    def models_now(self) -> Mapping[str, tuple[int, ModelPrice]]:
        return {row.model: (since, row) for since, row in in_order(self.models)}

    def models_of(self, model: str) -> list[tuple[int, ModelPrice]]:
        """All versions of a row, the oldest first."""
        return [(since, row) for since, row in in_order(self.models) if row.model == model]

    @cached_property
    def _lists(self) -> dict[int, PriceList]:
        return {}

    def at(self, version: int) -> PriceList:
        """The list as it stood at a version."""
        if version not in self._lists:
            configs = {row.operation_type: Config.of(row) for row in until(version, self.configs)}
            models = {row.model: Model.of(row) for row in until(version, self.models)}
            self._lists[version] = PriceList(version, configs, models)
        return self._lists[version]

    def with_config(self, row: CostConfig) -> "Prices":
        return Prices((*self.configs, (self.version + 1, row)), self.models)

    def with_model(self, row: ModelPrice) -> "Prices":
        return Prices(self.configs, (*self.models, (self.version + 1, row)))


def in_order(rows: Sequence[tuple[int, Row]]) -> list[tuple[int, Row]]:
    return sorted(rows, key=itemgetter(0))


def until(version: int, rows: Sequence[tuple[int, Row]]) -> list[Row]:
    return [row for since, row in in_order(rows) if since <= version]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Prices of ours; plans and packages as invoicing announced them, else the seed rows."""

    version: int
    prices: Prices
    plans: Mapping[str, Plan]
    packages: Mapping[str, Package]

    def with_prices(self, prices: Prices) -> "Catalogue":
        return replace(self, prices=prices)

    def with_plans(self, plans: Mapping[str, Plan]) -> "Catalogue":
        return replace(self, plans=plans)

    def with_package(self, package: Package) -> "Catalogue":
        return replace(self, packages={**self.packages, package.package_code: package})

    def next_plan(self, code: str) -> Plan | None:
        """The next plan up: the cheapest active one with more credits."""
        current = self.plans.get(code)
        least = current.included_credits if current else 0
        better = (p for p in self.plans.values() if p.is_active and p.included_credits > least)
        return min(better, key=lambda plan: plan.included_credits, default=None)

    def package_for(self, credits: int) -> Package | None:
        """The smallest active package that covers so many credits."""
        active = (p for p in self.packages.values() if p.is_active and p.credits >= credits)
        return min(active, key=lambda package: package.credits, default=None)
