"""What an operator is told when something is wrong with a run, a refund or a change by hand."""

from collections.abc import Sequence

import pytest

from tests.correcting import PACKAGE
from tests.deploy.desk import Desk, broken, whose
from tests.deploy.waves import (
    DONE_RUN,
    EVE,
    GIVEN,
    OPEN_DISPUTE,
    OPEN_RUN,
    REFUND,
    TAKEN_BACK,
)
from tests.making import uuid

pytestmark = pytest.mark.servers

RUNNING, ENDED = f"run_id = '{uuid(OPEN_RUN)}'", f"run_id = '{uuid(DONE_RUN)}'"
REFUNDED, DISPUTED = f"subject_id = '{uuid(REFUND)}'", f"subject_id = '{uuid(OPEN_DISPUTE)}'"
BOUGHT = f"invoice_id = '{uuid(PACKAGE)}'"


@pytest.mark.parametrize(
    ("invariant", "what", "breaks"),
    [
        pytest.param(
            "I1",
            "an entry and its cause do not agree",
            [f"UPDATE clawbacks SET from_purchased = from_purchased - 1 WHERE {REFUNDED}"],
            id="a refund that took more than it says",
        ),
        pytest.param(
            "I1",
            "an entry and its cause do not agree",
            [f"UPDATE adjustments SET amount = 51 WHERE adjustment_id = '{uuid(GIVEN)}'"],
            id="an adjustment of another amount",
        ),
        pytest.param(
            "I1",
            "an entry moved another bucket than its cause says",
            [f"UPDATE adjustments SET bucket = 'purchased' WHERE adjustment_id = '{uuid(GIVEN)}'"],
            id="an adjustment of the other bucket",
        ),
        pytest.param(
            "I3",
            "what is held is not the sum of the open reservations",
            [f"UPDATE runs SET remaining = remaining - 1 WHERE {RUNNING}"],
            id="a run that holds less than is held for it",
        ),
        pytest.param(
            "I3",
            "what is held is not the sum of the open reservations",
            [f"UPDATE clawbacks SET frozen = frozen - 1 WHERE {DISPUTED}"],
            id="a dispute for which less is frozen",
        ),
        pytest.param(
            "I4",
            "a run is in no state or in two",
            [f"UPDATE runs SET refusal = '{{}}' WHERE {RUNNING}"],
            id="a refused run that goes on",
        ),
        pytest.param(
            "I4",
            "one run stands there several times",
            [
                f"CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM runs WHERE {RUNNING}",
                "UPDATE copy SET lane = (lane + 1) % 64",
                "INSERT INTO runs SELECT * FROM copy",
            ],
            id="two rows of one run",
        ),
        pytest.param(
            "I4",
            "a run has ended and one of its stages has not",
            [
                (
                    "UPDATE runs SET stages = jsonb_set(stages, '{0,state}', '\"running\"')"
                    f" WHERE {ENDED}"
                )
            ],
            id="a stage that goes on without its run",
        ),
        pytest.param(
            "I4",
            "the stages of a run were charged more than the run",
            [f"UPDATE runs SET stages = jsonb_set(stages, '{{0,charged}}', '999') WHERE {RUNNING}"],
            id="a stage that cost more than its run",
        ),
        pytest.param(
            "I5",
            "a run and its operations do not agree",
            [f"UPDATE runs SET charged = charged - 1 WHERE {ENDED}"],
            id="a run that was charged less than its operations",
        ),
        pytest.param(
            "I5",
            "a run and its operations do not agree",
            [f"UPDATE runs SET held = held + 1000 WHERE {ENDED}"],
            id="credits that a run held and nobody got",
        ),
        pytest.param(
            "I6",
            "who asked for a run cannot read the outcome",
            [f"UPDATE runs SET request = NULL WHERE {RUNNING}"],
            id="a run that nobody can ask for",
        ),
        pytest.param(
            "I6",
            "who asked for a refund or an adjustment cannot read the outcome",
            [f"UPDATE clawbacks SET request = NULL WHERE {REFUNDED}"],
            id="a refund that nobody can ask for",
        ),
        pytest.param(
            "I6",
            "a command was answered in one way and stands in the books in another",
            [f"UPDATE runs SET available_after = available_after + 1 WHERE {RUNNING}"],
            id="a run that was approved with other numbers",
        ),
        pytest.param(
            "I6",
            "a command was answered in one way and stands in the books in another",
            [f"UPDATE clawbacks SET asked = 501, frozen = 501 WHERE {REFUNDED}"],
            id="a refund for which another sum was frozen",
        ),
        pytest.param(
            "I6",
            "a command was answered that the books do not know",
            [f"DELETE FROM adjustments WHERE adjustment_id = '{uuid(GIVEN)}'"],
            id="an adjustment of which only the answer is left",
        ),
        pytest.param(
            "I9",
            "a line of an invoice was granted twice",
            [
                f"CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM grants WHERE {BOUGHT}",
                "UPDATE copy SET lane = (lane + 1) % 64",
                "INSERT INTO grants SELECT * FROM copy",
            ],
            id="an invoice that was granted twice",
        ),
        pytest.param(
            "I9",
            "more was granted than was paid for",
            [f"UPDATE grants SET asked = asked - 1 WHERE {BOUGHT}"],
            id="a grant of more than was bought",
        ),
        pytest.param(
            "I9",
            "one payment moved credits more than once",
            [
                (
                    f"UPDATE ledger SET reference_id = '{uuid(TAKEN_BACK)}'"
                    f" WHERE reference_id = '{uuid(REFUND)}'"
                )
            ],
            id="a refund that was taken twice",
        ),
        pytest.param(
            "I9",
            "a refund or dispute is in no state or in two",
            [
                "ALTER TABLE clawbacks DROP CONSTRAINT clawbacks_stand_as_they_ended",
                "ALTER TABLE clawbacks DROP CONSTRAINT clawbacks_take_once",
                f"UPDATE clawbacks SET revoked_at = NULL WHERE {REFUNDED}",
            ],
            id="a refund that was taken at no time",
        ),
        pytest.param(
            "I9",
            "an invoice was paid and not granted",
            [f"DELETE FROM grants WHERE {BOUGHT}"],
            id="a payment that gave nothing",
        ),
        pytest.param(
            "I9",
            "money went back and its credits did not follow",
            [f"DELETE FROM clawbacks WHERE {REFUNDED}"],
            id="a refund that took nothing",
        ),
        pytest.param(
            "I11",
            "a run was announced in one way and stands in another",
            [f"UPDATE runs SET shortfall = shortfall + 1 WHERE {ENDED}"],
            id="a run that was closed with other sums",
        ),
        pytest.param(
            "I11",
            "a change was announced that is not on record",
            [
                "GRANT DELETE ON audit, audit_other TO CURRENT_USER",
                f"DELETE FROM audit WHERE account_id = '{EVE}'",
            ],
            id="a record that is gone",
        ),
        pytest.param(
            "I15",
            "a change by hand that nobody has signed for",
            [f"UPDATE adjustments SET actor = 'eve' WHERE adjustment_id = '{uuid(GIVEN)}'"],
            id="an adjustment by somebody who did not sign for it",
        ),
        pytest.param(
            "I15",
            "a change by hand is not on record",
            [f"UPDATE adjustments SET actor = 'nobody' WHERE adjustment_id = '{uuid(GIVEN)}'"],
            id="an adjustment by somebody else than its record says",
        ),
        pytest.param(
            "I15",
            "a change is on record that nobody made",
            [f"DELETE FROM adjustments WHERE adjustment_id = '{uuid(GIVEN)}'"],
            id="an adjustment that is gone",
        ),
        pytest.param(
            "I17",
            "a balance is not what its causes add up to",
            [f"DELETE FROM clawbacks WHERE {REFUNDED}"],
            id="a refund that is gone",
        ),
        pytest.param(
            "I17",
            "an operation cost something else than its price list says",
            [f"UPDATE usage SET tokens_input = 9999 WHERE operation_id = '{uuid(201)}'"],
            id="work that used more than it cost",
        ),
        pytest.param(
            "I16",
            "a run is open after its time",
            [f"UPDATE runs SET expires_at = clock_timestamp() - interval '61 s' WHERE {RUNNING}"],
            id="a run that no sweep came for",
        ),
    ],
)
async def test_what_is_wrong_with_a_run_or_a_refund_is_named_with_the_account(
    desk: Desk, invariant: str, what: str, breaks: Sequence[str]
) -> None:
    for statement in breaks:
        await desk.tx.execute(statement)
    report = await desk.finds()
    assert (invariant, what) in broken(report)
    assert whose(report, what) == {EVE}
