"""`credits.insights`: use along one dimension, from sums by day and hour; all totals agree."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from services.credits.prices import half_up, usd_text
from services.credits.queries.books import Books
from services.credits.queries.days import (
    DAYS,
    days_of,
    hours_of,
    is_by_hour,
    totals_in_days,
    used_in_days,
    used_in_hours,
    used_to_the_moment,
)
from services.credits.queries.filters import OF_ONE, OWNER
from services.credits.queries.labels import kind_made, label_of
from services.credits.queries.questions import asked_as
from services.credits.queries.sums import SUMS, Sums, added, sums_in
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


# Days, Mondays and months are those of UTC, and so are hours. The year 1 began on a Monday, and so
# many hours before 1970.
DAY = "date_bin('1 day', hour, timestamptz 'epoch')"
MONDAY = "date_bin('7 days', hour, timestamptz '0001-01-01 00:00+00')"
HOUR_OF_WEEK = "(date_part('epoch', hour)::bigint / 3600 + 17259888) % 168"


ASKED = {**DAYS, "site_id": "uuid", **OWNER}
OF_ITS_SITE = f"{OF_ONE.matches} AND (asked.site_id IS NULL OR rows.site_id = asked.site_id)"


class Dimension(NamedTuple):
    """Rows are grouped by what is cheap to compare; the key is written once a group."""

    group: str
    key: str
    condition: str = "true"
    used: str = used_in_days(OF_ITS_SITE)


def of_days(start: str, form: str) -> tuple[Dimension, Dimension]:
    """Of a site, and of all that there is."""
    of_site = Dimension(start, f"to_char({start} AT TIME ZONE 'UTC', '{form}')")
    return of_site, of_site._replace(used=totals_in_days(OF_ONE.matches))


DIMENSIONS: Mapping[str, Dimension] = MappingProxyType(
    {
        "site": Dimension("site_id", "site_id::text"),
        "action": Dimension("operation_type", "operation_type"),
        "image_quality": Dimension("image_quality", "image_quality", "image_quality IS NOT NULL"),
        "automation": Dimension("source", "source"),
        "provider": Dimension("provider", "provider"),
        "model": Dimension("model", "model"),
        "consumption": Dimension(
            "operation_type, item_kind, image_quality",
            f"concat_ws(':', {kind_made()}, image_quality)",
        ),
        "top": Dimension("operation_type, site_id", "concat_ws('@', operation_type, site_id)"),
        "hour_of_week": Dimension(
            HOUR_OF_WEEK,
            f"concat(({HOUR_OF_WEEK}) / 24 + 1, to_char(({HOUR_OF_WEEK}) % 24, '-FM00'))",
            used=used_in_hours(OF_ITS_SITE),
        ),
    }
)
TIMELINES: Mapping[str, tuple[Dimension, Dimension]] = MappingProxyType(
    {
        "day": of_days(DAY, "YYYY-MM-DD"),
        "week": of_days(MONDAY, "YYYY-MM-DD"),
        "month": of_days(DAY, "YYYY-MM"),
    }
)


class Part(NamedTuple):
    """What was used under one key."""

    key: str
    item_kinds: AbstractSet[str]
    sums: Sums

    @property
    def item_kind(self) -> str | None:
        """None where nothing is known to be made, or several kinds of things."""
        return next(iter(self.item_kinds)) if len(self.item_kinds) == 1 else None


def sums_statement(dimension: Dimension) -> str:
    """Several groups may have one key."""
    return f"""
        SELECT asked.place, found.*
        FROM {asked_as(ASKED)}
        CROSS JOIN LATERAL (
            SELECT {dimension.key} AS key, {SUMS},
                   min(first_kind) AS first_kind, max(last_kind) AS last_kind
            FROM ({dimension.used}) AS used
            WHERE {dimension.condition}
            GROUP BY {dimension.group}
        ) AS found
    """  # noqa: S608 - Constants of these files.


async def insights(books: Books, questions: Sequence[Question[AskInsights]]) -> list[Insights]:
    """A statement a dimension, whoever asks."""
    found: list[list[Record]] = [[] for _ in questions]
    for dimension, places in places_of(books, questions).items():
        asked = [columns_of(questions[place], books) for place in places]
        for row in await books.tx.fetch(sums_statement(dimension), *zip(*asked, strict=True)):
            found[places[row["place"] - 1]].append(row)
    return [
        answer(books, question, parts_in(rows, question.params))
        for question, rows in zip(questions, found, strict=True)
    ]


def places_of(
    books: Books, questions: Sequence[Question[AskInsights]]
) -> Mapping[Dimension, Sequence[int]]:
    """Which questions are about a dimension."""
    found: dict[Dimension, list[int]] = {}
    for place, question in enumerate(questions):
        dimension = dimension_of(question.params)
        if not is_by_hour(span_asked(question.params, books)):
            dimension = dimension._replace(used=used_to_the_moment(OF_ITS_SITE))
        found.setdefault(dimension, []).append(place)
    return found


def dimension_of(params: AskInsights) -> Dimension:
    """A timeline is one of days, weeks or months."""
    if params.dimension != "timeline":
        return DIMENSIONS[params.dimension]
    of_site, of_all = TIMELINES[params.granularity]
    return of_site if params.site_id else of_all


def columns_of(question: Question[AskInsights], books: Books) -> tuple[object, ...]:
    params, owner = question.params, question.account
    span = span_asked(params, books)
    when = days_of(span) if is_by_hour(span) else hours_of(span)
    return *when, params.site_id, lane_of(owner), owner


def span_asked(params: AskInsights, books: Books) -> Span:
    """Thirty days, where nobody names any."""
    is_open = (params.from_, params.to, params.preset) == (None, None, None)
    return span_of(USUAL if is_open else params, books.now)


def parts_in(rows: Iterable[Record], params: AskInsights) -> list[Part]:
    """Add up what has the same key."""
    groups: dict[str, list[Record]] = {}
    for row in rows:
        groups.setdefault(row["key"] or NOBODY[params.dimension], []).append(row)
    return [part_of(key, group) for key, group in groups.items()]


def part_of(key: str, rows: Sequence[Record]) -> Part:
    kinds = {kind for row in rows for kind in (row["first_kind"], row["last_kind"]) if kind}
    return Part(key, kinds, added(map(sums_in, rows)) if len(rows) > 1 else sums_in(rows[0]))


def answer(books: Books, question: Question[AskInsights], parts: Sequence[Part]) -> Insights:
    total = added(part.sums for part in parts)
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
        return sorted(parts, key=attrgetter("key"))
    most_first = sorted(parts, key=lambda part: (-part.sums.credits, -part.sums.actions, part.key))
    if params.dimension != "top" or len(most_first) <= MOST_SHOWN:
        return most_first
    rest = added(part.sums for part in most_first[MOST_SHOWN:])
    return [*most_first[:MOST_SHOWN], Part(REST, frozenset(), rest)]


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
