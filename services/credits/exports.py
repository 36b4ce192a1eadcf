"""`usage.log.export`: the usage log as a CSV file in the object store, one file after the other.

Beside the questions of a poll, which never wait for it: rows go from a snapshot into a file, the
snapshot ends, the file goes to the object store, and then comes the reply. Whoever gets none, for
a worker died meanwhile, asks again.
"""

import asyncio
import csv
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from typing import Any, TypeAlias

import structlog

from services.credits.queries import Books
from services.credits.queries.filters import OF_ONE, ORDERS, hidden_from, picked
from services.credits.queries.log import rows_statement
from shared import objects
from shared.asking import FAILS_ALONE, NOT_LOOKED_UP, Desk, Question, answer_later
from shared.contracts.credits import UsageRow
from shared.contracts.credits.answers import File, UsageExport
from shared.contracts.errors import Error, unavailable
from shared.contracts.moments import in_milliseconds
from shared.jobs import MAY_PASS
from shared.kafka import Letter
from shared.objects import Draft
from shared.postgres import Record, Transaction, read_clock, snapshot
from shared.service import Service

MOST_ROWS = 100_000
ROWS_AT_ONCE = 200  # Formatted in some milliseconds, in which nothing else of the process runs.
MOST_WAITING = 100
KEPT_HOURS = 24
LONGEST_STATEMENT_MILLISECONDS = 30_000
FOLDER = "exports"
CSV = "text/csv; charset=utf-8"
# A spreadsheet takes what begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
HIDDEN = "cost_usd"

Asked: TypeAlias = Question[Any]

log = structlog.get_logger(__name__)


@dataclass
class Exports:
    """The exports that wait for their turn in this worker."""

    service: Service
    desk: Desk[Books]
    _waiting: "asyncio.Queue[tuple[Letter, Asked]]" = field(
        default_factory=lambda: asyncio.Queue(MOST_WAITING)
    )

    def take(self, letter: Letter, question: Asked) -> bool:
        """Answer it later; not when too many wait, or nobody said where files go."""
        if self._waiting.full() or not self.service.settings.object_store_url:
            return False
        self._waiting.put_nowait((letter, question))
        return True

    async def work(self) -> None:
        """Make the export that waits longest, and reply."""
        letter, question = await self._waiting.get()
        answer = hidden_from(question) or await self._exported(question)
        now = await read_clock(self.service.database.pool_for(None), self._clock_offset)
        await answer_later(self.service, self.desk, letter, answer, now)

    async def tidy(self) -> None:
        """Remove the files that have expired."""
        url = self.service.settings.object_store_url
        if not url:
            return
        now = await read_clock(self.service.database.pool_for(None))
        try:
            await objects.remove_older(
                objects.opened(url), FOLDER, now - timedelta(hours=KEPT_HOURS)
            )
        except objects.FAILS as error:
            log.warning("exports are not tidied", error=repr(error))

    @property
    def _clock_offset(self) -> float:
        return self.service.settings.clock_offset

    async def _exported(self, question: Asked) -> UsageExport | Error:
        try:
            async with objects.draft() as draft:
                now, rows = await self._written(draft, question)
                return await self._stored(draft, question, now, rows)
        except (*FAILS_ALONE, *MAY_PASS, *objects.FAILS) as error:
            log.warning("not exported", error=repr(error))
            return unavailable(NOT_LOOKED_UP)

    async def _written(self, draft: Draft, question: Asked) -> tuple[datetime, int]:
        """The moment of the snapshot, and how many rows there are: at most one too many."""
        async with snapshot(self.service.database.reading()) as tx:
            await tx.execute(f"SET LOCAL statement_timeout = {LONGEST_STATEMENT_MILLISECONDS}")
            books = await self.desk.open(tx)
            return books.now, await write_rows(tx, draft, question, books.now)

    async def _stored(self, draft: Draft, question: Asked, now: datetime, rows: int) -> UsageExport:
        """A name that nobody guesses: whoever knows it may read the file."""
        name = f"usage-{now:%Y%m%dT%H%M%SZ}.csv"
        key = f"{FOLDER}/{question.account}/{secrets.token_hex(16)}/{name}"
        store = objects.opened(self.service.settings.object_store_url)
        await objects.put(store, key, draft)
        return UsageExport(
            file=File(
                object_key=key, content_type=CSV, size=draft.size, sha256=draft.sha256, name=name
            ),
            rows=min(rows, MOST_ROWS),
            truncated=rows > MOST_ROWS,
            expires_at=in_milliseconds(now + timedelta(hours=KEPT_HOURS)),
        )


async def write_rows(tx: Transaction, draft: Draft, question: Asked, now: datetime) -> int:
    """Stream rows into the file; memory holds some hundred of them."""
    order, by = ORDERS[question.params.sort], picked(OF_ONE, [question])
    asked = (*by.values_of(question, now), *order.values_of(order.first))
    names = [name for name in UsageRow.__struct_fields__ if name != HIDDEN or question.sees_usd]
    draft.write(as_csv([names]))
    statement, count = rows_statement(order, by, MOST_ROWS + 1), 0
    cursor = await tx.cursor(statement, *([value] for value in asked))
    while rows := await cursor.fetch(ROWS_AT_ONCE):
        shown = rows[: max(0, MOST_ROWS - count)]
        draft.write(as_csv(cells(row, names, question) for row in shown))
        count += len(rows)
    return count


def cells(row: Record, names: list[str], question: Asked) -> Iterator[object]:
    for name in names:
        value = row[name]
        if name == "created_at":
            yield in_milliseconds(value)
        elif name == "user_id" and not question.sees_user(value):
            yield None
        else:
            yield f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """As RFC 4180 says."""
    written = StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
