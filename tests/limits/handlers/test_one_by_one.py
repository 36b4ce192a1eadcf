"""However a history is cut into polls, it comes to the same.

What one batch has in its book, the next one finds in the rows.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from shared.contracts.limits import KeywordDeleted, UsageChanged
from shared.kafka import Record
from tests import making
from tests.limits import making as said
from tests.limits.handlers.lives import HOLD, MEMBER, RUNS, STATES
from tests.limits.handlers.worker import Worker, states, working
from tests.making import record, uuid
from tests.plain import IDS_OF_A_RUN, plain, rows_of
from tests.recorder import Sent
from tests.signing import by

EARLY, LATE, LATER = (f"2026-01-{day}T08:00:00Z" for day in (10, 11, 12))
MORE = {
    "accounts": f"{STATES['accounts']}, status_reason, status_since, status_version",
    "overrides": f"{STATES['overrides']}, reason",
    "members": f"{STATES['members']}, accepted_at IS NULL, last_seen_sites::text, invite_id",
    "holds": f"{STATES['holds']}, limit_type, purpose",
}


LEFT = {"sites": (3, 0), "users": (3, 0), "keywords": (3_957, 0), "ahrefs_queries": (5, 0)}


class History:
    """Some scenes; what is said in one names no id that is made in it."""

    def __init__(self) -> None:
        self.run = next(RUNS)
        self.account = uuid(self.run * IDS_OF_A_RUN)

    def n(self, small: int) -> int:
        return self.run * IDS_OF_A_RUN + small

    async def play(self, worker: Worker, *, at_once: bool) -> list[Sent]:
        """Tell it to a worker, a scene or a message a poll; give what the account hears."""
        before = len(worker.recorder.sent)
        for scene in (self.wishes, self.fates, self.people, self.ends):
            await tell(worker, list(scene(await self.known(worker))), at_once=at_once)
        heard = worker.recorder.sent[before:]
        return [one for one in heard if one.key == self.account.encode()]

    async def known(self, worker: Worker) -> dict[int, str]:
        """The holds and the members of this account, by the numbers that they were asked under."""
        found = {}
        for number in range(1, 16):
            query = HOLD if number < 10 else MEMBER
            for row in await worker.fetch(query, self.account, uuid(self.n(number))):
                found[number] = str(row[0])
        return found

    def wishes(self, _: dict[int, str]) -> Iterator[Record]:
        n, whose = self.n, self.account
        yield record(making.on_plan("growth", whose))
        yield by("owner", said.invite(n(10), "ben@example.org", whose), said.OWNER)
        yield record(said.opened(whose))
        yield by("developer", said.override("users", 6, account=whose))
        yield by("developer", said.override("sites", 9, account=whose))
        yield by("owner", said.invite(n(10), "ben@example.org", whose), said.OWNER)
        yield by("owner", said.invite(n(11), "ben@example.org", whose), said.OWNER)
        yield by("owner", said.invite(n(12), "BEN@example.org", whose), said.OWNER)
        yield by("owner", said.invite(n(13), "cat@example.org", whose), said.OWNER)
        yield record(said.asks_for(n(1), 4_200, account=whose))
        yield record(said.asks_for(n(2), 2, "sites", whose))
        yield record(said.asks_for(n(3), 1, "users", whose))
        yield record(said.asks_for(n(4), 5, "ahrefs_queries", whose))
        yield record(said.asks_for(n(9), 7, account=whose))
        yield from (by("admin", said.asks_for_site(n(number), whose)) for number in (5, 6))
        yield record(said.site_made(n(20), whose))
        yield record(said.site_gone(n(21), whose))
        yield record(said.site_failed(whose, request_id=uuid(n(7))))
        yield record(said.site_made(n(24), whose, request_id=uuid(n(8))))
        yield record(self.keywords_gone(51, 52))

    def keywords_gone(self, *numbers: int) -> KeywordDeleted:
        gone = said.keywords_gone(*numbers, account=self.account)
        return replace(gone, keyword_ids=[uuid(self.n(number)) for number in numbers])

    def fates(self, known: dict[int, str]) -> Iterator[Record]:
        n, whose = self.n, self.account
        yield record(said.confirmed(known[1], 4_100, whose))
        yield record(said.confirmed(known[1], 4_200, whose))
        yield record(said.released(known[9], whose))
        yield record(said.confirmed(known[9], 7, whose))
        yield record(said.confirmed(known[2], 2, whose, [n(20), n(22)]))
        yield record(said.confirmed(known[3], 1, whose, [n(30)]))
        yield record(said.confirmed(known[4], 5, whose))
        yield record(said.site_made(n(23), whose, request_id=uuid(n(5))))
        yield record(said.site_failed(whose, hold_id=known[6]))
        for number in (7, 8, 5, 7, 8):  # Late, and once more.
            yield by("admin", said.asks_for_site(n(number), whose))
        yield record(self.keywords_gone(52, 53))
        yield record(said.site_made(n(21), whose))
        yield record(said.accepted(known[10], "ben", whose))
        yield record(said.accepted(known[13], "cat", whose))
        yield record(said.accepted(known[10], "eve", whose))
        yield record(said.seen("ben", LATE, n(20), whose))
        yield record(said.seen("ben", EARLY, n(23), whose))
        yield record(said.seen("ben", EARLY, n(20), whose))
        yield record(said.asks_for(n(1), 4_200, account=whose))
        yield record(said.asks_for(n(1), 9, account=whose))

    def people(self, known: dict[int, str]) -> Iterator[Record]:
        n, whose, sites = self.n, self.account, [uuid(self.n(20))]
        ben, cat = known[10], known[13]
        yield by("owner", said.role(ben, "viewer", whose, site_access=sites), said.OWNER)
        yield record(said.seen("ben", LATER, n(20), whose))
        yield by("owner", said.role(ben, "viewer", whose), said.OWNER)
        yield by("owner", said.role(ben, "viewer", whose, site_access=sites), said.OWNER)
        yield by("admin", said.role(cat, "owner", whose), "cat")
        yield by("owner", said.transfer(n(40), ben, whose), said.OWNER)
        yield by("owner", said.transfer(n(40), ben, whose), said.OWNER)
        yield by("owner", said.transfer(n(40), cat, whose), said.OWNER)
        yield by("owner", said.transfer(n(41), cat, whose), said.OWNER)
        yield by("owner", said.remove(ben, whose), "ben")
        yield by("admin", said.remove(cat, whose), "ben")
        yield by("admin", said.remove(cat, whose), "ben")
        yield by("owner", said.role(cat, "admin", whose), "ben")
        yield by("owner", said.invite(n(14), "cat@example.org", whose), "ben")
        yield by("owner", said.invite(n(13), "cat@example.org", whose), "ben")
        yield by("owner", said.invite(n(15), "ben@example.com", whose), "ben")
        yield record(said.ended(cat, whose))
        yield record(said.accepted(cat, "cat", whose))
        yield record(said.opened(whose))

    def ends(self, known: dict[int, str]) -> Iterator[Record]:
        n, whose = self.n, self.account
        yield record(said.ended(known[14], whose))
        yield record(said.ended(known[14], whose))
        yield by("admin", said.remove(known[14], whose), "ben")
        yield record(said.accepted(known[15], "ben", whose))  # He has a seat.
        yield by("developer", said.override("sites", 9, account=whose))
        yield by("developer", said.override("sites", 2, 1, whose, reason="Fewer"))
        yield by("developer", said.override("sites", 2, 1, whose, reason="Fewer"))
        yield by("developer", said.override("sites", 9, account=whose))
        yield by("developer", said.cleared("users", 1, whose))
        yield record(said.site_gone(n(20), whose))
        yield record(said.site_gone(n(20), whose))
        yield record(self.keywords_gone(*range(60, 200)))
        yield record(making.on_plan("free", whose, version=3))
        yield record(making.on_plan("growth", whose, version=2))
        yield record(making.now_is("suspended", whose, version=2, reason="unpaid", since=LATE))
        yield record(making.now_is("active", whose))
        yield record(said.asks_for(n(42), 1, account=whose))
        yield record(said.asks_for(n(42), 1, account=whose))
        yield record(making.now_is("active", whose, version=3, since=LATE))
        yield record(said.asks_for(n(42), 1, account=whose))

    def told(self, sent: Iterable[Sent]) -> list[str]:
        """What was said, but for the states: they tell where a poll ended."""
        own = (one for one in sent if one.topic != UsageChanged.topic)
        return sorted(plain(f"{one.topic} {one.value!r}", self.run) for one in own)

    async def left(self, worker: Worker) -> dict[str, list[str]]:
        pool = worker.service.database.pool_for(None)
        rows = await rows_of(pool, STATES | MORE, [self.account])
        return {name: sorted(plain(x, self.run) for x in lines) for name, lines in rows.items()}


async def tell(worker: Worker, scene: list[Record], *, at_once: bool) -> None:
    for poll in [scene] if at_once else [[one] for one in scene]:
        await worker.obey(*poll)


async def test_a_poll_a_message_comes_to_the_same_as_a_poll_a_scene(url: str) -> None:
    one, other = History(), History()

    async with working(url) as worker:
        heard = one.told(await one.play(worker, at_once=True))
        again = other.told(await other.play(worker, at_once=False))

        assert again == heard
        assert states(worker.recorder.sent) == LEFT
        assert await other.left(worker) == await one.left(worker)
