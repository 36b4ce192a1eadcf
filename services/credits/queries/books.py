"""The books of credits as they stand at one moment, open to be read."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.credits import statements as sql
from services.credits import store
from services.credits.catalogue import Catalogue
from shared.contracts.operating import Service as Name
from shared.postgres import Transaction
from shared.settings import Settings

# Planning a page costs five times what reading it does, and no plan depends on what is asked. So
# plans are kept; none may do what was fair only while tables were small: rows are sought by their
# keys, and read in the order of an index where a page is asked for in it. What is sorted in the end
# stands behind OFFSET 0, or all rows of a table would be read in that order.
KEPT_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
}
SETTINGS = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in KEPT_PLANS.items())
OPEN = f"SELECT moment.*, {SETTINGS} FROM ({sql.MOMENT}) AS moment"  # noqa: S608 - Constants.


@dataclass(frozen=True, slots=True)
class Books:
    """A snapshot of the tables, its moment, and the catalogue of that moment."""

    tx: Transaction
    now: datetime
    catalogue: Catalogue
    hold_margin_percent: int
    name: Name = "credits"


@dataclass(slots=True)
class Library:
    """Opens the books, and remembers the catalogue from one poll to the next."""

    settings: Settings
    _catalogue: Catalogue | None = field(default=None)

    async def open(self, tx: Transaction) -> Books:
        moment = await tx.fetchrow(OPEN)
        assert moment is not None, "the migration makes the one row of catalogue_version"
        if self._catalogue is None or self._catalogue.version != moment[1]:
            self._catalogue = await store.catalogue.read(tx, moment[1])
        now = moment[0] + timedelta(seconds=self.settings.clock_offset)
        return Books(tx, now, self._catalogue, self.settings.hold_margin_percent)
