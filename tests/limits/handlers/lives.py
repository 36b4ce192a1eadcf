"""A life of an account with all that can happen to its limits, alike in every run but for ids."""

from collections.abc import Iterable
from itertools import count

import asyncpg
from msgspec.structs import replace

from shared.kafka import Record
from tests import making
from tests.limits import making as said
from tests.limits.handlers.worker import Worker
from tests.making import record, uuid
from tests.plain import IDS_OF_A_RUN, heard, plain, rows_of
from tests.recorder import Sent
from tests.signing import by

RUNS = count(1_000_000)
LATER_SECONDS = 100.0  # Past the hold that nobody confirms.
HOLD = "SELECT hold_id::text FROM holds WHERE account_id = $1 AND request_id = $2"
MEMBER = "SELECT member_id::text FROM members WHERE account_id = $1 AND invite_id = $2"
STATES = {
    "accounts": "version, plan_code, subscription_version, status, is_opened, name",
    "overrides": "limit_type, allowed, is_set, version",
    "counters": "limit_type, used, held, over_by, over_since IS NULL",
    "threshold_marks": "limit_type, allowed, threshold",
    "holds": "topic, request_id, state, requested, granted, confirmed, counted, "
    "request IS NULL, closed_at IS NULL",
    "commands": "topic, natural_key",
    "members": "role, state, email, user_id, site_access, last_seen_at IS NULL",
    "resources": "kind, resource_id, state",
    "alerts": "kind, severity, subject, threshold",
    "audit": "action, object_type, object_id, user_id, correlation_id",
}


class Life:
    """Two polls and a sweep; each has an account that no other life knows."""

    def __init__(self) -> None:
        self.run = next(RUNS)
        self.account = uuid(self.run * IDS_OF_A_RUN)
        self._first = list(self._beginning())
        self._second = list[Record]()

    def number(self, small: int) -> int:
        return self.run * IDS_OF_A_RUN + small

    def _beginning(self) -> Iterable[Record]:
        n, whose = self.number, self.account
        yield record(making.on_plan("starter", whose))
        yield record(said.opened(whose))
        yield by("developer", said.override("ahrefs_queries", 5, account=whose))
        yield record(said.asks_for(n(1), 850, account=whose))
        yield record(said.asks_for(n(2), 200, account=whose, allow_partial=True))
        yield record(said.asks_for(n(3), 1, account=whose))  # Refused.
        yield record(said.asks_for(n(4), 2, "ahrefs_queries", whose, ttl_s=30))  # Ends by itself.
        gone = said.keywords_gone(1, account=whose)
        yield record(replace(gone, keyword_ids=[uuid(n(50)), uuid(n(51))]))
        yield by("admin", said.asks_for_site(n(5), whose))
        yield by("admin", said.asks_for_site(n(6), whose))
        yield record(said.site_failed(whose, request_id=uuid(n(7))))  # Before it was asked for.
        yield by("owner", said.invite(n(8), "ben@example.org", whose), said.OWNER)
        yield by("owner", said.invite(n(9), "cat@example.org", whose), said.OWNER)  # No seat.
        yield record(said.confirmed(uuid(n(10)), 1, whose))  # Of a hold that nobody knows.

    def _end(self, hold: str, member: str) -> Iterable[Record]:
        n, whose = self.number, self.account
        yield record(said.confirmed(hold, 850, whose))
        yield record(said.site_made(n(20), whose, request_id=uuid(n(5))))
        yield record(said.site_failed(whose, request_id=uuid(n(6))))
        yield by("admin", said.asks_for_site(n(7), whose))
        yield record(said.accepted(member, "ben", whose))
        yield record(said.seen("ben", "2026-01-10T08:00:00Z", n(30), whose))
        yield by("owner", said.role(member, "admin", whose), said.OWNER)
        yield by("owner", said.transfer(n(11), member, whose), said.OWNER)
        yield record(making.on_plan("free", whose, version=2))
        yield record(making.now_is("suspended", whose))
        yield record(said.asks_for(n(12), 1, account=whose))

    @property
    def heard(self) -> list[Record]:
        """All that was said to the worker so far."""
        return [*self._first, *self._second]

    async def live(self, worker: Worker, later: Worker) -> None:
        """`later` is the same worker when the hold that nobody confirms is due.

        What is said second names what came of the first.
        """
        await worker.obey(*self._first)
        if not self._second:
            ((hold,),) = await worker.fetch(HOLD, self.account, uuid(self.number(1)))
            ((member,),) = await worker.fetch(MEMBER, self.account, uuid(self.number(8)))
            self._second = list(self._end(hold, member))
        await worker.obey(*self._second)
        await later.sweep()

    async def end_state(self, database: "asyncpg.Pool[asyncpg.Record]") -> dict[str, list[str]]:
        """Every row of this account, without what is new in every run."""
        rows = await rows_of(database, STATES, [self.account])
        return {
            table: sorted(plain(line, self.run) for line in lines) for table, lines in rows.items()
        }

    def announced(self, sent: Iterable[Sent]) -> list[str]:
        """What the account was told, each record once, without what is new in every run."""
        own = heard(sent, [self.account])
        return sorted(plain(f"{one.topic} {one.value!r}", self.run) for one in own)
