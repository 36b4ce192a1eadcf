"""The books of credits as they stand at one moment, open to be read."""

from dataclasses import dataclass
from datetime import datetime

from services.credits import store
from services.credits.catalogue import Catalogue
from shared.catalogue import Current
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


class Library:
    """Opens the books, and remembers the catalogue from one poll to the next."""

    def __init__(self, settings: Settings) -> None:
        self._hold_margin_percent = settings.hold_margin_percent
        self._catalogue = Current(store.catalogue.read, settings.clock_offset)

    async def open(self, tx: Transaction) -> Books:
        now, catalogue = await self._catalogue.open(tx)
        return Books(tx, now, catalogue, self._hold_margin_percent)
