"""What an operator is told when the books say something else than everybody was told."""

import pytest

from services.credits.verify import answers, facts, price_sayings, sayings
from services.credits.verify.price_sayings import OTHERWISE, UNSAID
from shared.contracts.credits import ANNOUNCED
from tests.deploy.desk import HELD, Desk, broken, whose
from tests.deploy.waves import EVE, OPEN_DISPUTE, OPEN_RUN, PRICED, RATED
from tests.making import ANN, BOB, uuid

pytestmark = pytest.mark.servers

ANSWERED = "a command was answered in one way and stands in the books in another"
RUNNING = f"run_id = '{uuid(OPEN_RUN)}'"
CHANGED = f"operation_type = '{PRICED}' AND version = 2"
KEPT_NOWHERE = {"credits.query.replied", "alert.read.replied", "service.health.reported"}


def test_whatever_credits_says_is_looked_at_or_kept_nowhere() -> None:
    looked_at = {*answers.KINDS, *facts.TOPICS, *sayings.TOPICS, *price_sayings.TOPICS}
    assert looked_at | KEPT_NOWHERE == {message.topic for message in ANNOUNCED}
    assert not looked_at & KEPT_NOWHERE


@pytest.mark.parametrize(
    ("invariant", "what", "whom", "breaks"),
    [
        pytest.param(
            "I6",
            ANSWERED,
            ANN,
            f"UPDATE extensions SET expires_at = expires_at + interval '1 s' WHERE {HELD}",
            id="a hold that was to live as long as nobody was told",
        ),
        pytest.param(
            "I6",
            "a command was answered that the books do not know",
            EVE,
            f"DELETE FROM extensions WHERE subject_id = '{uuid(OPEN_RUN)}'",
            id="an extension of a run that is gone",
        ),
        pytest.param(
            "I6",
            ANSWERED,
            None,
            f'UPDATE cost_configs SET content = content || \'{{"description": ""}}\''
            f" WHERE {CHANGED}",
            id="a price other than the one that was confirmed",
        ),
        pytest.param(
            "I6",
            ANSWERED,
            None,
            f"UPDATE model_prices SET content = content || '{{\"is_active\": true}}'"
            f" WHERE model = '{RATED}'",
            id="a change of a model that was refused because of what never stood there",
        ),
        pytest.param(
            "I11",
            OTHERWISE,
            None,
            f"DELETE FROM cost_configs WHERE {CHANGED}",
            id="a price that everybody was told of and that is gone",
        ),
        pytest.param(
            "I11",
            OTHERWISE,
            None,
            f"UPDATE model_prices SET price_version = 9 WHERE model = '{RATED}' AND version = 2",
            id="a model that is priced from another version on",
        ),
        pytest.param(
            "I11",
            UNSAID,
            None,
            "INSERT INTO cost_configs SELECT operation_type, 3, 9, content || '{\"version\": 3}'"
            f" FROM cost_configs WHERE {CHANGED}",
            id="a change of a price that nobody was told of",
        ),
        pytest.param(
            "I11",
            "use was announced in one way and is logged in another",
            ANN,
            f"UPDATE usage SET cost_usd = cost_usd + 1 WHERE operation_id = '{uuid(2)}'",
            id="use that cost us something else",
        ),
        pytest.param(
            "I11",
            "use was announced in one way and is logged in another",
            ANN,
            f"DELETE FROM usage WHERE operation_id = '{uuid(2)}'",
            id="use that is gone",
        ),
        pytest.param(
            "I11",
            "a run was approved in one way and stands in another",
            EVE,
            f"UPDATE runs SET estimated = estimated + 1 WHERE {RUNNING}",
            id="a run that was to cost something else",
        ),
        pytest.param(
            "I11",
            "more was announced of a stage than was charged",
            EVE,
            f"DELETE FROM runs WHERE {RUNNING}",
            id="a stage of a run that is gone",
        ),
        pytest.param(
            "I11",
            "a hold was announced in one way and stands in another",
            EVE,
            f"UPDATE runs SET held = held + 1 WHERE {RUNNING}",
            id="a run that held something else",
        ),
        pytest.param(
            "I11",
            "a hold was announced in one way and stands in another",
            EVE,
            f"UPDATE clawbacks SET frozen = frozen - 1 WHERE subject_id = '{uuid(OPEN_DISPUTE)}'",
            id="a dispute for which something else was frozen",
        ),
        pytest.param(
            "I11",
            "an operation was announced in one way and stands in another",
            BOB,
            f"UPDATE reservations SET shortfall = shortfall + 1 WHERE subject_id = '{uuid(103)}'",
            id="a shortfall of something else",
        ),
    ],
)
async def test_what_was_said_and_is_not_so_is_named(
    desk: Desk, invariant: str, what: str, whom: str | None, breaks: str
) -> None:
    await desk.tx.execute(breaks)
    report = await desk.finds()
    assert (invariant, what) in broken(report)
    assert whose(report, what) == {whom}
