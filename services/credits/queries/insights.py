"""`credits.insights`: use along one dimension, from the sums by hour; totals agree between them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from services.credits.prices import half_up, usd_text
from services.credits.queries.books import Books
from services.credits.queries.labels import kind_made, label_of
from services.credits.queries.sums import SUMS, Sums, sums_in
from shared.asking import Question
from shared.contracts.asking import Range
from shared.contracts.credits.answers import InsightRow, Insights, InsightTotals
from shared.contracts.credits.queries import AskInsights
from shared.lanes import lane_of
from shared.postgres import Record
from shared.spans import Span, span_of

USUAL = Range(preset="30d")
MOST_SHOWN = 10  # Of `top`.
REST = "other"
IN_ORDER = ("timeline", "hour_of_week")  # The others: what used most comes first.
# What stands in a dimension for those who have no part in it.
NOBODY: Mapping[str, str] = MappingProxyType(
    {"site": "none", "provider": "unknown", "model": "unknown"}
)

# Days, Mondays and months are those of UTC, and so are hours.
FIND_SUMS = f"""
    SELECT asked.place, found.*
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],
                $6::smallint[], $7::uuid[])
         WITH ORDINALITY
         AS asked (dimension, granularity, since, until, site_id, lane, account_id, place)
    CROSS JOIN LATERAL (
        SELECT CASE asked.dimension
                   WHEN 'site' THEN site_id::text
                   WHEN 'action' THEN operation_type
                   WHEN 'image_quality' THEN image_quality
                   WHEN 'automation' THEN source
                   WHEN 'provider' THEN provider
                   WHEN 'model' THEN model
                   WHEN 'consumption' THEN concat_ws(':', {kind_made()}, image_quality)
                   WHEN 'top' THEN concat_ws('@', operation_type, site_id::text)
                   WHEN 'hour_of_week' THEN to_char(hour AT TIME ZONE 'UTC', 'ID-HH24')
                   ELSE to_char(date_trunc(asked.granularity, hour, 'UTC') AT TIME ZONE 'UTC',
                                CASE asked.granularity WHEN 'month' THEN 'YYYY-MM'
                                                       ELSE 'YYYY-MM-DD' END)
               END AS key,
               CASE WHEN min(item_kind) = max(item_kind) THEN min(item_kind) END AS item_kind,
               {SUMS}
        FROM hourly_usage AS used
        WHERE used.lane = asked.lane AND used.account_id = asked.account_id
          AND hour >= asked.since AND hour < asked.until
          AND (asked.site_id IS NULL OR used.site_id = asked.site_id)
          AND (asked.dimension <> 'image_quality' OR image_quality IS NOT NULL)
        GROUP BY 1
    ) AS found
"""  # noqa: S608 - Constants of this file.


class Part(NamedTuple):
    """What was used under one key."""

    key: str
    item_kind: str | None
    sums: Sums


async def insights(books: Books, questions: Sequence[Question[AskInsights]]) -> list[Insights]:
    """One statement for all dimensions: each question names its own."""
    asked = [columns_of(question, books) for question in questions]
    parts: list[list[Part]] = [[] for _ in questions]
    for row in await books.tx.fetch(FIND_SUMS, *zip(*asked, strict=True)):
        parts[row["place"] - 1].append(part_of(row, questions[row["place"] - 1].params))
    return [
        answer(books, question, found) for question, found in zip(questions, parts, strict=True)
    ]


def columns_of(question: Question[AskInsights], books: Books) -> tuple[object, ...]:
    params, owner = question.params, question.account
    span = span_asked(params, books)
    return params.dimension, params.granularity, *span, params.site_id, lane_of(owner), owner


def span_asked(params: AskInsights, books: Books) -> Span:
    """Whole hours: those that begin in the range."""
    is_open = (params.from_, params.to, params.preset) == (None, None, None)
    return span_of(USUAL if is_open else params, books.now)


def part_of(row: Record, params: AskInsights) -> Part:
    key = row["key"] or NOBODY[params.dimension]
    return Part(key, row["item_kind"], sums_in(row))


def answer(books: Books, question: Question[AskInsights], parts: Sequence[Part]) -> Insights:
    total = sum((part.sums for part in parts), Sums())
    shown = in_order(question.params, parts)
    return Insights(
        rows=[insight(books, question, part, total) for part in shown],
        totals=InsightTotals(
            credits=total.credits,
            actions=total.actions,
            items=total.items,
            tokens_input=total.tokens_input,
            tokens_output=total.tokens_output,
            failures=total.failures,
            cost_usd=usd_text(total.cost) if question.sees_usd else None,
        ),
    )


def in_order(params: AskInsights, parts: Sequence[Part]) -> list[Part]:
    if params.dimension in IN_ORDER:
        return sorted(parts)
    most_first = sorted(parts, key=lambda part: (-part.sums.credits, -part.sums.actions, part.key))
    if params.dimension != "top" or len(most_first) <= MOST_SHOWN:
        return most_first
    rest = sum((part.sums for part in most_first[MOST_SHOWN:]), Sums())
    return [*most_first[:MOST_SHOWN], Part(REST, None, rest)]


def insight(books: Books, question: Question[AskInsights], part: Part, total: Sums) -> InsightRow:
    sums, prices = part.sums, books.catalogue.prices.latest
    return InsightRow(
        key=part.key,
        label=label_of(question.params.dimension, part.key, prices),
        credits=sums.credits,
        actions=sums.actions,
        items=sums.items,
        item_kind=part.item_kind,
        cost_usd=usd_text(sums.cost) if question.sees_usd else None,
        tokens_input=sums.tokens_input,
        tokens_output=sums.tokens_output,
        failures=sums.failures,
        avg_response_ms=half_up(sums.response_ms, sums.responses) if sums.responses else None,
        share_pct=share(sums.credits, total.credits),
    )


def share(part: int, whole: int) -> str:
    """Of the credits, in percent with two decimals; of nothing it is nothing."""
    hundredths = half_up(part * 10_000, whole) if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}"
