"""`usage.tips`: what would have saved credits or dollars in the last 30 days."""

from collections.abc import Sequence

from services.credits.queries.accounts import open_accounts
from services.credits.queries.advice import Use, advice
from services.credits.queries.books import Books
from services.credits.queries.days import DAYS, days_of, used_in_days
from services.credits.queries.filters import OF_ONE, OWNER
from services.credits.queries.questions import asked_as
from services.credits.queries.sums import SUMS, sums_in
from shared.asking import Question
from shared.contracts.credits.answers import Tips
from shared.contracts.credits.queries import AskTips
from shared.lanes import lane_of
from shared.postgres import Record
from shared.spans import ending_today

LOOKED_AT_DAYS = 30

FIND_USE = f"""
    SELECT asked.place, found.*
    FROM {asked_as({**DAYS, **OWNER})}
    CROSS JOIN LATERAL (
        SELECT operation_type, model, provider, image_quality, status, {SUMS}
        FROM ({used_in_days(OF_ONE.matches)}) AS used
        GROUP BY operation_type, model, provider, image_quality, status
    ) AS found
    ORDER BY asked.place, operation_type, model, provider, image_quality, status
"""  # noqa: S608 - Constants of these files.


async def tips(books: Books, questions: Sequence[Question[AskTips]]) -> list[Tips]:
    owners = [question.account for question in questions]
    days = days_of(ending_today(LOOKED_AT_DAYS, "d", books.now))
    used: list[list[Use]] = [[] for _ in owners]
    asked = [(*days, lane_of(owner), owner) for owner in owners]
    for row in await books.tx.fetch(FIND_USE, *zip(*asked, strict=True)):
        used[row["place"] - 1].append(use_of(row))
    book = await open_accounts(books, set(owners))
    return [
        Tips(tips=advice(book, book.accounts[owner], uses))
        for owner, uses in zip(owners, used, strict=True)
    ]


def use_of(row: Record) -> Use:
    return Use(
        row["operation_type"],
        row["model"],
        row["provider"],
        row["image_quality"],
        row["status"] == "failed",
        sums_in(row),
    )
