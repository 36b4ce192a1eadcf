"""The books of credits as they stand at one moment, open to be read."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.credits import statements as sql
from services.credits import store
from services.credits.catalogue import Catalogue
from shared.contracts.operating import Service as Name
from shared.postgres import Transaction
from shared.settings import Settings


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
        moment = await tx.fetchrow(sql.MOMENT)
        assert moment is not None, "the migration makes the one row of catalogue_version"
        if self._catalogue is None or self._catalogue.version != moment[1]:
            self._catalogue = await store.catalogue.read(tx, moment[1])
        now = moment[0] + timedelta(seconds=self.settings.clock_offset)
        return Books(tx, now, self._catalogue, self.settings.hold_margin_percent)
