"""A life of some accounts with all that can happen, the same in every run but for ids."""

import re
from collections.abc import Iterable
from itertools import count

import asyncpg

from shared.contracts.message import Message
from shared.kafka import Record
from tests import making
from tests.credits.handlers import stories
from tests.credits.handlers.worker import Worker
from tests.making import record
from tests.plain import heard, plain, rows_of
from tests.recorder import Sent
from tests.signing import by

RUNS = count(1)
LATER_SECONDS = 100.0  # Past the hold that nobody reports on.

PRICES = re.compile(r'"price_version":\d+')

STATES = {
    "accounts": "plan_bucket, purchased_bucket, held, seq, version, used",
    "standings": "status, plan_code, subscription_version, granted_per_month, "
    "last_shortfall_at IS NOT NULL",
    "reservations": "subject_id, state, operation_type, estimated, held, charged, shortfall, "
    "charge_seq, close_reason, answered_late, available_after",
    "runs": "run_id, state, estimated, held, remaining, charged, shortfall, released, reason, "
    "available_after, stages",
    "grants": "invoice_id, line, credits, seq",
    "ledger": "seq, type, plan_delta, purchased_delta, balance_after, reference_id",
    "usage": "operation_id, credits_used, cost_usd, status, shortfall, image_quality",
    "alerts": "kind, severity, subject",
    "clawbacks": "subject_id, kind, state, frozen, to_revoke, from_plan, from_purchased, "
    "revoke_seq, reverse_seq",
    "adjustments": "adjustment_id, amount, seq, refusal IS NULL",
    "audit": "action, object_type, object_id, user_id, correlation_id",
    # Told by the hour, which may end meanwhile.
    "(SELECT account_id, operation_type, status, sum(actions) AS actions, "
    "sum(credits) AS credits FROM hourly_usage GROUP BY 1, 2, 3) AS sums": "operation_type, "
    "status, actions, credits",
}


LISTS = {
    "cost_configs": ("operation_type", "version"),
    "model_prices": ("model", "version"),
    "plans": ("plan_code", "version"),
    "packages": ("package_code", "version"),
}


class Life:
    """Two polls and a sweep; each has accounts and operations that no other life knows."""

    def __init__(self) -> None:
        self.run = next(RUNS)
        self.ann, self.bob, self.eve = (making.uuid(self.run * 1000 + n) for n in (1, 2, 3))
        self.cat, self.dan = (making.uuid(self.run * 1000 + n) for n in (4, 5))
        self.accounts = [self.ann, self.bob, self.eve, self.cat, self.dan]
        self.codes = [f"{kind}-{self.number(0)}" for kind in ("kind", "model", "plan", "package")]
        self._first = [record(message) for message in self._beginning()] + self._garbage()
        acts = stories.a_developer_acts(self.number, self.dan)
        self._second = [by("developer", message) for message in acts]
        self._second += [record(message) for message in self._end()]
        self._second.append(by("viewer", stories.somebody_reads(self.number, self.dan)))
        self.topics = {one.topic for one in (*self._first, *self._second)}

    def number(self, small: int) -> int:
        return self.run * 1000 + 100 + small

    def _beginning(self) -> Iterable[Message]:
        n, ann, bob = self.number, self.ann, self.bob
        yield making.paid(500, ann, invoice=n(90))
        yield making.paid(60, bob, invoice=n(91), kind="credit_package", code="starter")
        yield making.on_plan("starter", ann)
        yield making.requested(n(1), ann)
        yield making.requested(n(2), ann, operation_type="clustering")
        yield making.requested(n(3), bob, hold_ttl_s=60)
        yield making.requested(n(4), bob)  # Refused: nothing is left.
        yield making.completed(n(5), ann)  # Before its request.
        yield making.requested(n(6), self.eve)  # Refused, and done all the same.
        yield making.images_requested(n(7), ann, basic=3, premium=2)
        yield making.extension(n(1), 3600, ann)
        yield from stories.news(n, self.dan)
        yield from stories.a_run_begins(n, self.cat)
        yield from stories.money_may_go_back(n, self.dan)

    def _garbage(self) -> list[Record]:
        bad = b'{"account_id":"%b","operation_id":7}' % self.ann.encode()
        key, place = self.ann.encode(), making.partition_for(making.requested(1, self.ann))
        return [
            making.raw_record("ai.operation.completed", b"{", key, partition=place),
            making.raw_record("ai.operation.requested", bad, key, partition=place),
            record(making.completed(self.number(8), self.ann, operation_type="telepathy")),
        ]

    def _end(self) -> Iterable[Message]:
        n, ann = self.number, self.ann
        yield making.completed(n(1), ann)
        yield making.completed(n(1), ann)
        yield making.failed(n(2), ann)
        yield making.requested(n(5), ann)
        yield making.completed(n(6), self.eve)
        yield making.images_completed(n(7), ann, basic=2, premium=1)
        yield making.cancelled(n(9), ann)
        yield making.now_is("suspended", self.eve)
        yield from stories.a_run_ends(n, self.cat)
        yield from stories.money_goes_back(n, self.dan)

    async def live(self, worker: Worker, later: Worker) -> None:
        """`later` is the same worker when the hold that nobody reports on is due."""
        await worker.obey(self._first)
        await worker.obey(self._second)
        await later.sweep()

    async def end_state(self, database: "asyncpg.Pool[asyncpg.Record]") -> dict[str, list[str]]:
        """Every row of these accounts, without what is new in every run."""
        rows = await rows_of(database, STATES, self.accounts)
        found = {table: sorted(map(self._plain, lines)) for table, lines in rows.items()}
        for table, (code, version) in LISTS.items():
            query = f"SELECT {code}, {version} FROM {table} WHERE {code} = ANY($1)"
            found[table] = [
                self._plain(str(tuple(row))) for row in await database.fetch(query, self.codes)
            ]
        return found

    def announced(self, sent: Iterable[Sent]) -> list[str]:
        """What these accounts were told, each record once, without what is new in every run."""
        own = heard(sent, (*self.accounts, *self.codes))
        return sorted(self._plain(f"{one.topic} {one.value!r}") for one in own)

    def _plain(self, text: str) -> str:
        for code in self.codes:
            text = text.replace(code, code.partition("-")[0])
        return plain(PRICES.sub('"price_version":n', text), self.run)
