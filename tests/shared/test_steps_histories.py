"""Any history of askers, scales and the clock, in any order.

What may never happen:

1. Two weighings of one parcel are under way at once, or one begins after the parcel was answered.
2. Somebody who waits gets no final reply, or two; or more than eight wait.
3. An answer that was kept is ever given differently, or given to other content.
4. What the scales say of a weighing that is over changes anything.
"""

from collections import Counter
from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared import steps
from shared.contracts.message import Reply
from shared.steps import Final, RequestRow
from tests.making import ANN, uuid
from tests.shared.parcels import SECONDS, Office, WeighRequested, grams, no, weigh

PARCELS, LABELS = st.integers(1, 2), st.sampled_from(["", "fragile"])


class Histories(RuleBasedStateMachine):
    """Who asked what and was told what is written down beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.office = Office()
        self.asked = 0
        self.waiting: dict[str, int] = {}  # Who waits for which parcel.
        self.told: Counter[str] = Counter()
        self.started: dict[str, RequestRow] = {}  # Each attempt that ever began, by its ticket.
        self.answers: dict[int, tuple[str, int]] = {}  # Label and grams of what was answered.

    @rule(parcel=PARCELS, label=LABELS)
    def somebody_asks(self, parcel: int, label: str) -> None:
        name, self.asked = f"asker {self.asked}", self.asked + 1
        said = self.office.asks(weigh(parcel, label=label), name)
        if isinstance(said, RequestRow):
            assert parcel not in self.answers
            assert parcel not in self.waiting.values()
            assert said.ticket not in self.started
            self.started[said.ticket] = said
        if not isinstance(said, Reply):
            self.waiting[name] = parcel
            return
        self.told[name] += 1
        if said.error is None:
            assert said.data == {"grams": self.answers[parcel][1]}
            assert self.answers[parcel][0] == label

    @rule(data=st.data(), weight=st.integers(1, 100))
    def the_scales_answer(self, data: st.DataObject, weight: int) -> None:
        """Of any attempt that ever began, however old."""
        if not self.started:
            return
        ticket = data.draw(st.sampled_from(sorted(self.started)))
        row = self.office.requests.waiting_for(ANN, ticket)
        if row is not None:
            parcel = next(number for number in (1, 2) if row.natural_key == uuid(number))
            asked = self.office.requests.command_of(row)
            assert isinstance(asked, WeighRequested)
            self.answers[parcel] = (asked.label, weight)
            self.hear(self.office.says(row, grams(weight)), parcel)

    @rule(parcel=PARCELS)
    def the_scales_break(self, parcel: int) -> None:
        row = self.office.requests.rows.get((ANN, WeighRequested.topic, uuid(parcel)))
        if row is not None and row.state == "waiting":
            self.hear(self.office.says(row, no("unavailable")), parcel)

    @rule(seconds=st.sampled_from([1, 5, SECONDS]))
    def time_passes_and_the_sweep_comes(self, seconds: int) -> None:
        self.office.waits(seconds)
        for parcel in (1, 2):
            row = self.office.requests.rows.get((ANN, WeighRequested.topic, uuid(parcel)))
            if row is not None:
                self.hear(self.office.sweeps(row), parcel)

    def hear(self, finals: Sequence[Final], parcel: int) -> None:
        for final in finals:
            name = final.address.correlation_id
            assert self.waiting.pop(name) == parcel
            self.told[name] += 1

    @invariant()
    def everybody_waits_or_was_told_once(self) -> None:
        names = {f"asker {number}" for number in range(self.asked)}
        assert self.told.keys() | self.waiting.keys() == names
        assert self.told.keys().isdisjoint(self.waiting)
        assert set(self.told.values()) <= {1}

    @invariant()
    def rows_say_who_waits(self) -> None:
        for row in self.office.requests.rows.values():
            names = [address.correlation_id for address in row.addresses]
            assert [
                name for name, parcel in self.waiting.items() if uuid(parcel) == row.natural_key
            ] == names
            assert (row.state == "waiting") == (0 < len(names) <= steps.MOST_ADDRESSES)
            assert (row.state == "answered") == (row.outcome is not None)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
