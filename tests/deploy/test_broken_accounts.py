"""What an operator is told when something is wrong with an account: what, and whose."""

from collections.abc import Sequence

import pytest

from tests.deploy.desk import HELD, Desk, broken, whose
from tests.making import ANN, uuid

pytestmark = pytest.mark.servers

ENTRY = f"account_id = '{ANN}' AND seq = 3"  # Of the second operation that was charged.
SECOND = f"subject_id = '{uuid(2)}'"


@pytest.mark.parametrize(
    ("invariant", "what", "breaks"),
    [
        pytest.param(
            "I1",
            "a balance is not the sum of its entries",
            [f"UPDATE accounts SET plan_bucket = plan_bucket + 1 WHERE account_id = '{ANN}'"],
            id="a balance that is one too high",
        ),
        pytest.param(
            "I1",
            "an entry does not follow from the one before it",
            [f"DELETE FROM ledger WHERE {ENTRY}"],
            id="an entry that is gone",
        ),
        pytest.param(
            "I1",
            "an entry does not follow from the one before it",
            [
                f"UPDATE ledger SET balance_after = balance_after + 1 WHERE {ENTRY}",
            ],
            id="a balance on the way that is wrong",
        ),
        pytest.param(
            "I1",
            "an entry and its cause do not agree",
            [f"UPDATE ledger SET reference_id = '{uuid(99)}' WHERE {ENTRY}"],
            id="a deduction for what nobody did",
        ),
        pytest.param(
            "I1",
            "an entry and its cause do not agree",
            [
                "ALTER TABLE reservations DROP CONSTRAINT charged_in_the_ledger",
                "ALTER TABLE reservations DROP CONSTRAINT charged_once",
                f"UPDATE reservations SET charged = 47 WHERE {HELD}",
            ],
            id="a charge without a deduction",
        ),
        pytest.param(
            "I1",
            "an operation and its usage do not agree",
            [f"UPDATE usage SET credits_used = 46 WHERE operation_id = '{uuid(2)}'"],
            id="usage that tells of less than was charged",
        ),
        pytest.param(
            "I1",
            "an operation and its usage do not agree",
            [f"DELETE FROM usage WHERE operation_id = '{uuid(2)}'"],
            id="usage that is gone",
        ),
        pytest.param(
            "I1",
            "what was used this month is not what was deducted in it",
            [f"UPDATE accounts SET used = used + 1 WHERE account_id = '{ANN}'"],
            id="more used than deducted",
        ),
        pytest.param(
            "I1",
            "the sums by hour are not those of the usage log",
            [f"UPDATE hourly_usage SET credits = credits + 1 WHERE account_id = '{ANN}'"],
            id="sums of more than was used",
        ),
        pytest.param(
            "I1",
            "the sums by hour are not those of the usage log",
            [f"UPDATE hourly_usage SET source = 'automation' WHERE account_id = '{ANN}'"],
            id="sums of another kind of work",
        ),
        pytest.param(
            "I2",
            "more is held than there is",
            [
                "ALTER TABLE accounts DROP CONSTRAINT never_below_nothing",
                f"UPDATE accounts SET held = 1000000 WHERE account_id = '{ANN}'",
            ],
            id="more held than there is",
        ),
        pytest.param(
            "I3",
            "what is held is not the sum of the open reservations",
            [f"UPDATE accounts SET held = held - 60 WHERE account_id = '{ANN}'"],
            id="a hold that was forgotten",
        ),
        pytest.param(
            "I4",
            "one operation has several reservations",
            [
                (
                    "CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM reservations"
                    f" WHERE {SECOND}"
                ),
                "UPDATE copy SET lane = (lane + 1) % 64",
                "INSERT INTO reservations SELECT * FROM copy",
            ],
            id="two reservations of one operation",
        ),
        pytest.param(
            "I4",
            "a reservation is in no state or in two",
            [f"UPDATE reservations SET close_reason = NULL WHERE {SECOND}"],
            id="an end without a reason",
        ),
        pytest.param(
            "I5",
            "an operation ended in one way and was charged in another",
            [
                "ALTER TABLE reservations DISABLE TRIGGER terminal_states_stay",
                "ALTER TABLE reservations DROP CONSTRAINT charged_once",
                f"UPDATE reservations SET state = 'released' WHERE {SECOND}",
            ],
            id="a charged operation that was released",
        ),
        pytest.param(
            "I5",
            "more was charged than held, without an entry of its own",
            [f"UPDATE reservations SET held = 46, charge_seq = 1000 WHERE {SECOND}"],
            id="a charge above the hold that is nowhere written",
        ),
        pytest.param(
            "I6",
            "a command was answered in one way and stands in the books in another",
            [f"UPDATE reservations SET estimated = 49 WHERE {SECOND}"],
            id="another answer than the one that was given",
        ),
        pytest.param(
            "I6",
            "a command was answered that the books do not know",
            [f"DELETE FROM reservations WHERE {SECOND}"],
            id="an outcome that is gone",
        ),
        pytest.param(
            "I6",
            "who asked cannot read the outcome",
            [f"UPDATE reservations SET request = NULL WHERE {SECOND}"],
            id="an outcome that nobody can ask for",
        ),
        pytest.param(
            "I11",
            "an entry was announced that is not in the ledger",
            [f"UPDATE ledger SET transaction_id = '{uuid(99)}' WHERE {ENTRY}"],
            id="an entry that was announced otherwise",
        ),
        pytest.param(
            "I11",
            "an operation was announced in one way and stands in another",
            [f"UPDATE reservations SET charged = 46 WHERE {SECOND}"],
            id="a charge that was announced otherwise",
        ),
        pytest.param(
            "I11",
            "a version was announced that the books have not reached",
            [f"UPDATE accounts SET version = version - 1 WHERE account_id = '{ANN}'"],
            id="books older than what was announced",
        ),
        pytest.param(
            "I11",
            "the state of an account was not announced",
            [f"UPDATE accounts SET version = version + 1 WHERE account_id = '{ANN}'"],
            id="a change that nobody was told of",
        ),
        pytest.param(
            "I11",
            "the state that was announced is not the one in the books",
            [f"UPDATE accounts SET plan_bucket = plan_bucket + 1 WHERE account_id = '{ANN}'"],
            id="a balance that was announced otherwise",
        ),
        pytest.param(
            "I11",
            "an account was announced that is not in the books",
            [f"DELETE FROM accounts WHERE account_id = '{ANN}'"],
            id="an account that is gone",
        ),
        pytest.param(
            "I11",
            "an alert was announced that is not in the books",
            [f"DELETE FROM alerts WHERE account_id = '{ANN}'"],
            id="an alert that is gone",
        ),
        pytest.param(
            "I16",
            "a hold is open after its time",
            [
                (
                    "UPDATE reservations SET expires_at = clock_timestamp() - interval '61 s'"
                    f" WHERE {HELD}"
                ),
            ],
            id="a hold that no sweep came for",
        ),
    ],
)
async def test_what_is_wrong_with_an_account_is_named_with_the_account(
    desk: Desk, invariant: str, what: str, breaks: Sequence[str]
) -> None:
    for statement in breaks:
        await desk.tx.execute(statement)
    report = await desk.finds()
    assert (invariant, what) in broken(report)
    assert whose(report, what) == {ANN}
