"""What refunds and adjustments were answered, from the rows that remember it."""

from collections.abc import Collection

from services.credits import corrections, store
from services.credits.book import ClawbackKey, Key
from services.credits.queries.books import Books
from shared.contracts.credits import AdjustmentReplied, FreezeReplied


async def freeze_replies(books: Books, keys: Collection[Key]) -> dict[Key, FreezeReplied]:
    """A refund of which only the end was heard was never asked for."""
    wanted: list[ClawbackKey] = [(account_id, "refund", refund) for account_id, refund in keys]
    found = await store.clawbacks.known(books.tx, wanted)
    return {
        (row.account_id, row.subject_id): corrections.freeze_answer(row, replayed=True)
        for row in found.values()
        if row.request is not None
    }


async def adjustment_replies(books: Books, keys: Collection[Key]) -> dict[Key, AdjustmentReplied]:
    found = await store.adjustments.known(books.tx, keys)
    return {key: corrections.adjustment_answer(row, replayed=True) for key, row in found.items()}
