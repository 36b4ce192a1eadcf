"""Tables of sums, and the one statement that computes each: for who makes them, and who mends them.

Sums by hour come from the usage log, those of days from the hours and from the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.credits.partitions import KEPT_SINCE

# Until when days are closed, in a statement.
CLOSED_UNTIL = "coalesce((SELECT closed_until FROM closed_days), '-infinity')"

KIND = "site_id, operation_type, model, provider, image_quality, item_kind, source, status"
NUMBERS = (
    "actions, credits, shortfall, cost_usd, tokens_input, tokens_output, items, response_ms, "
    "responses"
)
TOTAL_NUMBERS = f"{NUMBERS}, failures, first_kind, last_kind"
DAY_OF_ENTRY = "date_trunc('day', created_at, 'UTC')"


def summed(names: Iterable[str]) -> str:
    """Columns that add up those of the same names."""
    return ", ".join(f"sum({name}) AS {name}" for name in names)


SUMMED = summed(NUMBERS.split(", "))


@dataclass(frozen=True, slots=True)
class Derived:
    """A table of sums, by lane, account and moment, and the statement that computes them."""

    table: str
    moment: str
    key: str
    numbers: str
    computed: str
    grouped: str
    written_at: str  # The moment of what they are computed from,
    is_summed: str  # and which of that is, all in all.
    kept: str = "true"  # Which rows of the table it is that they are compared with.
    credits: str = "credits"  # Which of the numbers is told of a day that differs.

    def add(self, source: str, condition: str) -> str:
        """Compute some of them; `source` may join the rows with what the condition names."""
        return f"""
            INSERT INTO {self.table} ({self.key}, {self.numbers})
            {self.computed} {source} WHERE {condition} {self.grouped}
        """


HOURS = Derived(
    table="hourly_usage",
    moment="hour",
    key=f"lane, account_id, hour, {KIND}",
    numbers=NUMBERS,
    computed="""
        SELECT lane, account_id, date_trunc('hour', created_at, 'UTC') AS hour, site_id,
               operation_type, model_used AS model, provider, image_quality, item_kind, source,
               status, count(*) AS actions, sum(credits_used)::bigint AS credits,
               sum(shortfall)::bigint AS shortfall, coalesce(sum(cost_usd), 0) AS cost_usd,
               coalesce(sum(tokens_input), 0) AS tokens_input,
               coalesce(sum(tokens_output), 0) AS tokens_output, sum(items_created) AS items,
               coalesce(sum(response_time_ms), 0) AS response_ms,
               count(response_time_ms) AS responses
        FROM usage
    """,
    grouped="GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
    written_at="created_at",
    is_summed="true",
    kept=f"hour >= ({KEPT_SINCE})",
)
DAYS = Derived(
    table="daily_usage",
    moment="day",
    key=f"lane, account_id, day, {KIND}",
    numbers=NUMBERS,
    computed=f"""
        SELECT lane, account_id, date_trunc('day', hour, 'UTC') AS day, {KIND}, {SUMMED}
        FROM hourly_usage
    """,  # noqa: S608 - Constants of these files.
    grouped=HOURS.grouped,
    written_at="hour",
    is_summed=f"hour < {CLOSED_UNTIL}",
)
# Of whatever kind: what is most often asked for. One kind of items is the first and the last.
TOTALS = replace(
    DAYS,
    table="daily_totals",
    key="lane, account_id, day",
    numbers=TOTAL_NUMBERS,
    computed=f"""
        SELECT lane, account_id, date_trunc('day', hour, 'UTC') AS day, {SUMMED},
               coalesce(sum(actions) FILTER (WHERE status = 'failed'), 0) AS failures,
               min(item_kind) AS first_kind, max(item_kind) AS last_kind
        FROM hourly_usage
    """,  # noqa: S608 - The same.
    grouped="GROUP BY 1, 2, 3",
)
# The last number is that of the account's day, whatever moved last.
ENTRIES = Derived(
    table="daily_ledger",
    moment="day",
    key="lane, account_id, day, type",
    numbers="entries, came, moved, last_seq",
    computed=f"""
        SELECT lane, account_id, {DAY_OF_ENTRY} AS day, type, count(*) AS entries,
               coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS came, sum(amount) AS moved,
               max(max(seq)) OVER (PARTITION BY lane, account_id, {DAY_OF_ENTRY}) AS last_seq
        FROM (SELECT *, plan_delta + purchased_delta AS amount FROM ledger) AS ledger
    """,  # noqa: S608 - The same.
    grouped="GROUP BY 1, 2, 3, 4",
    written_at="created_at",
    is_summed=f"created_at < {CLOSED_UNTIL}",
    credits="moved",
)
OF_DAYS = DAYS, TOTALS, ENTRIES
