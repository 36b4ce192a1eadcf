"""Lines of invoices that were granted."""

from collections.abc import Sequence

from services.credits import statements as sql
from services.credits.book import Book
from services.credits.domain import Cause
from shared.contracts.invoicing import InvoicePaid
from shared.keys import among, find
from shared.lanes import lane_of
from shared.postgres import Transaction


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read which lines of the batch's invoices were granted before."""
    keys = {
        (lane_of(m.account_id), m.account_id, m.invoice_id) for m in among(causes, {InvoicePaid})
    }
    book.granted.update((*row,) for row in await find(tx, sql.FIND_GRANTS, keys))
