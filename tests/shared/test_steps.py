"""Commands of more than one step, by one that weighs parcels: the scales answer some time later."""

from datetime import timedelta

import pytest

from shared import steps
from shared.contracts.errors import Error, ErrorCode
from shared.contracts.message import Reply, encode
from shared.contracts.operating import StoredReply
from tests.making import ANN, BOB, uuid
from tests.shared.parcels import (
    SECONDS,
    Office,
    WeighReplied,
    WeighRequested,
    Weight,
    asker,
    grams,
    no,
    weigh,
)


def error_of(said: object) -> Error:
    assert isinstance(said, Reply)
    assert said.error is not None
    return said.error


def test_a_command_starts_once_and_everybody_who_asks_gets_the_reply() -> None:
    office = Office()
    row = office.begins(weigh(1), "first")
    assert office.asks(weigh(1), "second") is None

    finals = office.says(row, grams(700))

    assert [(final.account_id, final.address) for final in finals] == [
        (ANN, asker("first")),
        (ANN, asker("second")),
    ]
    assert {final.reply for final in finals} == {
        WeighReplied(
            account_id=ANN,
            command=WeighRequested.topic,
            id=uuid(1),
            status="ok",
            data=Weight(grams=700),
        )
    }
    assert row.addresses == []


def test_a_command_that_is_sent_twice_by_one_has_one_address() -> None:
    office = Office()
    row = office.begins(weigh(1), "first")

    assert office.asks(weigh(1), "first") is None
    assert len(office.says(row, grams(1))) == 1


def test_the_same_answer_is_given_again_whatever_happened_since() -> None:
    office = Office()
    office.says(office.begins(weigh(1), "first"), grams(700))
    office.waits(1_000_000)

    again = office.asks(weigh(1), "later")

    assert isinstance(again, Reply)
    assert (again.status, again.data, again.replayed) == ("ok", {"grams": 700}, True)


@pytest.mark.parametrize("is_answered", [False, True])
def test_other_content_is_a_conflict_and_changes_nothing(is_answered: bool) -> None:  # noqa: FBT001 - A case of the test.
    office = Office()
    row = office.begins(weigh(1), "first")
    if is_answered:
        office.says(row, grams(700))
    before = (row.state, row.outcome, list(row.addresses))

    error = error_of(office.asks(weigh(1, label="fragile"), "other"))

    assert (error.code, error.kind) == ("conflict", "parcel.weigh")
    assert (row.state, row.outcome, row.addresses) == before


def test_the_ninth_who_waits_is_told_to_try_again() -> None:
    office = Office()
    row = office.begins(weigh(1), "0")
    assert [office.asks(weigh(1), str(number)) for number in range(1, 8)] == [None] * 7

    assert error_of(office.asks(weigh(1), "8")).code == "unavailable"
    assert office.asks(weigh(1), "7") is None
    assert [final.address for final in office.says(row, grams(1))] == [
        asker(str(number)) for number in range(8)
    ]


def test_when_the_deadline_has_passed_everybody_is_told_and_nothing_is_kept() -> None:
    office = Office()
    row = office.begins(weigh(1), "first")
    office.asks(weigh(1), "second")
    office.waits(SECONDS - 0.001)
    assert office.sweeps(row) == []
    office.waits(0.001)

    finals = office.sweeps(row)

    assert [final.address for final in finals] == [asker("first"), asker("second")]
    assert {error_of(final.reply).code for final in finals} == {"unavailable"}
    assert (row.state, row.outcome) == ("abandoned", None)
    assert office.sweeps(row) == []


def test_asking_again_does_not_put_the_deadline_off() -> None:
    office = Office()
    row = office.begins(weigh(1), "first")
    office.waits(SECONDS / 2)
    office.asks(weigh(1), "second")
    steps.go_on(row, "weighing")
    office.waits(SECONDS / 2)

    assert len(office.sweeps(row)) == 2


def test_whoever_asks_after_it_was_given_up_starts_the_next_attempt() -> None:
    office = Office()
    row = office.begins(weigh(1), "first")
    old = row.ticket
    office.waits(SECONDS)
    office.sweeps(row)

    again = office.begins(weigh(1, label="now with a label"), "again")

    assert (again.attempt, again.state) == (2, "waiting")
    assert again.ticket == steps.ticket_of(uuid(1), 2) != old
    assert again.deadline == office.requests.now + timedelta(seconds=SECONDS)
    assert again.addresses == [asker("again")]
    assert office.requests.command_of(again) == weigh(1, label="now with a label")
    assert office.requests.waiting_for(ANN, old) is None
    assert office.requests.waiting_for(ANN, again.ticket) is again


@pytest.mark.parametrize("code", ["provider.failed", "rate.limited", "unavailable", "not.found"])
def test_an_error_that_decides_nothing_leaves_the_id_free(code: ErrorCode) -> None:
    office = Office()
    office.says(office.begins(weigh(1), "first"), no(code))

    assert office.begins(weigh(1), "again").attempt == 2


@pytest.mark.parametrize("code", ["limit.reached", "payment.declined", "conflict"])
def test_a_refusal_that_was_decided_is_kept(code: ErrorCode) -> None:
    office = Office()
    (final,) = office.says(office.begins(weigh(1), "first"), no(code))

    again = office.asks(weigh(1), "again")

    assert encode(error_of(again)) == encode(error_of(final.reply))


def test_a_ticket_is_its_accounts_alone() -> None:
    office = Office()
    anns, bobs = office.begins(weigh(1, ANN), "ann"), office.begins(weigh(1, BOB), "bob")

    assert anns.ticket == bobs.ticket
    assert office.requests.waiting_for(ANN, anns.ticket) is anns
    assert office.requests.waiting_for(BOB, anns.ticket) is bobs


def test_any_text_can_be_a_natural_key() -> None:
    tickets = {steps.ticket_of(key, n) for key in ("a", "b", uuid(1)) for n in (1, 2)}

    assert len(tickets) == 6


def test_an_outcome_is_told_as_long_as_there_is_one() -> None:
    office = Office()
    assert steps.outcome_of(None).known is False
    row = office.begins(weigh(1), "first")
    assert (steps.outcome_of(row).known, steps.outcome_of(row).state) == (True, "waiting")

    office.says(row, grams(700))

    outcome = steps.outcome_of(row)
    assert (outcome.known, outcome.state) == (True, "answered")
    assert outcome.reply == StoredReply(status="ok", data={"grams": 700})


def test_what_was_given_up_is_as_if_it_had_never_been_asked() -> None:
    office = Office()
    row = office.begins(weigh(1), "first")
    office.waits(SECONDS)
    office.sweeps(row)

    assert steps.outcome_of(row).known is False
