"""Listens to everything that is announced, and says whether the book can be true."""

from collections import Counter
from dataclasses import dataclass, field

from services.limits.book import NO_WINDOW, Account, Book
from shared.contracts.limits import ThresholdReached
from shared.contracts.message import Event
from shared.contracts.operating import AlertRaised
from tests.limits.rules.seen import State


@dataclass
class Witness:
    """What was announced so far; the numbers are those of the invariants in `test_histories`."""

    names: set[tuple[str, str, str]] = field(default_factory=set)
    latest: dict[str, tuple[int, State]] = field(default_factory=dict)
    had_an_owner: set[str] = field(default_factory=set)

    def hear(self, said: list[object]) -> None:
        for fact in said:
            if isinstance(fact, Event) and not isinstance(fact, AlertRaised):
                name = fact.account_id, fact.topic, fact.subject
                is_new = name not in self.names or fact.comes_in_parts
                # Of an unknown plan nothing is decided: whoever asks again hears it again.
                assert is_new or fact.topic == "limits.denied", f"6: {name} twice"
                self.names.add(name)
            if isinstance(fact, ThresholdReached):
                assert 100 * fact.used >= fact.threshold * fact.limit, "6: a mark too early"

    def note(self, account: Account, now: State) -> None:
        """7: whoever goes by versions never goes back, and never misses a change."""
        version, before = self.latest.get(account.account_id, (0, now))
        assert account.version >= version, "7: a version falls"
        assert account.version > version or now == before, "7: a change without a version"
        self.latest[account.account_id] = account.version, now

    def check(self, book: Book) -> None:
        for account in book.accounts.values():
            self.check_counters(book, account)
            owners = [member for member in book.team_of(account.account_id) if member.is_an_owner]
            if owners:
                self.had_an_owner.add(account.account_id)
            assert owners or account.account_id not in self.had_an_owner, "5: nobody owns it"

    def check_counters(self, book: Book, account: Account) -> None:
        """2 and 3: every counter is the sum of what it counts."""
        held, used = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        about = account.account_id
        for hold in book.holds.values():
            if hold.account_id == about:
                assert 0 <= hold.counted <= hold.confirmed <= hold.granted, "4: more than granted"
                held[hold.limit_type, hold.window] += hold.open_hold
                used[hold.limit_type, hold.window] += hold.counted
        for thing in book.resources.values():
            if thing.account_id == about:
                is_keyword = thing.kind == "keyword"
                used[f"{thing.kind}s", NO_WINDOW] += -1 if is_keyword else thing.state == "active"
        used["users", NO_WINDOW] += len(book.team_of(about))
        for key, counter in account.counters.items():
            assert counter.held == held.pop(key, 0) >= 0, "2: held is not the sum of holds"
            assert counter.used == used.pop(key, 0), "3: used is not what there is"
        assert not +held, "2: a hold that no counter knows"
        assert not any(used.values()), "3: something that no counter knows"
