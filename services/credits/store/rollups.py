"""Sums of the usage log: one statement a batch, whatever it used; none where it used nothing."""

from services.credits.book import Book
from services.credits.rollups import grouped
from shared.postgres import Transaction

# The kinds come once each; a row names its own by its place. No two batches meet in a row, for each
# holds the locks of its accounts.
ADD_SUMS = """
    INSERT INTO hourly_usage AS known
        (lane, account_id, hour, site_id, operation_type, model, provider, image_quality, item_kind,
         source, status, actions, credits, shortfall, cost_usd, tokens_input, tokens_output, items,
         response_ms, responses)
    SELECT lane, account_id, date_trunc('hour', $1::timestamptz, 'UTC'), site_id,
           ($2::text[])[kind], ($3::text[])[kind], ($4::text[])[kind], ($5::text[])[kind],
           ($6::text[])[kind], ($7::text[])[kind], ($8::text[])[kind],
           actions, credits, shortfall, cost * 0.00000001, tokens_input, tokens_output, items,
           response_ms, responses
    FROM unnest($9::smallint[], $10::uuid[], $11::uuid[], $12::int[], $13::bigint[], $14::bigint[],
                $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[],
                $20::bigint[], $21::bigint[])
         AS new (lane, account_id, site_id, kind, actions, credits, shortfall, cost, tokens_input,
                 tokens_output, items, response_ms, responses)
    ON CONFLICT ON CONSTRAINT hourly_usage_key DO UPDATE
    SET actions = known.actions + excluded.actions, credits = known.credits + excluded.credits,
        shortfall = known.shortfall + excluded.shortfall,
        cost_usd = known.cost_usd + excluded.cost_usd,
        tokens_input = known.tokens_input + excluded.tokens_input,
        tokens_output = known.tokens_output + excluded.tokens_output,
        items = known.items + excluded.items,
        response_ms = known.response_ms + excluded.response_ms,
        responses = known.responses + excluded.responses
"""


async def save(tx: Transaction, book: Book) -> None:
    """Add what the batch used to the sums of its hour."""
    if book.usage:
        kinds, sums = grouped(book.usage)
        await tx.execute(ADD_SUMS, book.now, *zip(*kinds, strict=True), *sums)
