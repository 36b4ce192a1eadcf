"""`igny8 why` tells the whole story of an operation: asked, decided, worked, charged, told."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest

from shared.contracts.types import Json, JsonObject
from tests.deploy.conftest import Operator
from tests.making import ANN, BOB, uuid

pytestmark = pytest.mark.servers


def story(keeper: Operator, number: int) -> JsonObject:
    """The story of one of the operations that the books know."""
    called = keeper.calls("why", uuid(number), "--json")
    assert called.returncode == 0, called.stderr
    (told,) = msgspec.json.decode(called.stdout)["operations"]
    found: JsonObject = told
    return found


def steps(told: JsonObject, *kinds: str) -> list[JsonObject]:
    return [step for step in told["story"] if step["what"] in kinds]


def words(told: JsonObject, kind: str) -> str:
    (step,) = steps(told, kind)
    said: str = step["words"]
    return said


def whats(told: JsonObject) -> Sequence[str]:
    return [step["what"] for step in told["story"]]


def facts(told: JsonObject) -> list[Json]:
    return [step["words"] for step in steps(told, "told")]


def test_a_charged_operation_is_told_from_its_request_to_the_last_fact(keeper: Operator) -> None:
    told = story(keeper, 7)

    assert (told["account_id"], told["state"], told["charged"]) == (ANN, "committed", 47)
    assert words(told, "asked") == "content_generation"
    decision = words(told, "authorised")
    assert "50 credits required" in decision
    assert "price version 1: 100 tokens a credit, at least 3" in decision
    assert "2,000 + 3,000 tokens by default" in decision
    assert "60 held, 10 of them in case it needs more" in decision
    assert words(told, "ended") == (
        "charged 47 credits: 47 of the plan, 0 bought; 13 of the hold are free again"
    )
    used = words(told, "used")
    assert "gpt-5.1, 2,000 + 2,700 tokens: 47 credits, $0.02950000" in used
    assert "4,700 tokens / 100, rounded up, at least 3" in used
    assert ": -47 credits, balance" in words(told, "booked")
    assert {step["words"] for step in steps(told, "heard")} == {
        "ai.operation.requested",
        "ai.operation.completed",
    }
    assert facts(told) == ["credits.reserved", "credits.committed", "usage.recorded"]
    (reply,) = steps(told, "replied")
    assert reply["where"].startswith("replies.web")
    assert [step["at"] for step in told["story"]] == sorted(s["at"] for s in told["story"])


def test_a_repeated_request_is_seen_to_be_answered_again(keeper: Operator) -> None:
    replies = [step["words"] for step in steps(story(keeper, 1), "replied")]

    assert replies[0] == "ai.operation.replied: ok"
    assert set(replies[1:]) == {"ai.operation.replied: ok, again"}


def test_a_refusal_is_told_with_its_reason_and_what_would_help(keeper: Operator) -> None:
    told = story(keeper, 42)

    assert told["state"] == "refused"
    assert words(told, "refused").startswith("operation.unknown: This action is not known.")
    assert "ended" not in whats(told)


def test_work_after_a_refusal_is_told_as_late_and_short(keeper: Operator) -> None:
    told = story(keeper, 103)

    assert (told["account_id"], told["state"]) == (BOB, "committed_late")
    assert words(told, "refused").startswith("credits.insufficient: ")
    assert "more could not be charged" in words(told, "ended")
    assert "credits.shortfall.recorded" in facts(told)
    assert {"alert.raised: credits.shortfall", "alert.raised: credits.unauthorised"} <= {
        *facts(told)
    }


def test_a_failure_frees_the_hold(keeper: Operator) -> None:
    told = story(keeper, 22)

    assert words(told, "ended") == "released: provider_error; 60 credits free again"
    assert words(told, "used").startswith("failed: ")
    assert facts(told) == ["credits.reserved", "credits.released", "usage.recorded"]


def test_images_of_two_qualities_are_two_rows(keeper: Operator) -> None:
    told = story(keeper, 41)

    rows = [step["words"] for step in steps(told, "used")]
    assert ["2 x premium image" in rows[0], "1 x basic image" in rows[1]] == [True, True]
    assert "2 premium and 1 basic expected" in words(told, "authorised")


def test_what_was_charged_before_it_was_asked_for_is_told_in_that_order(keeper: Operator) -> None:
    told = story(keeper, 50)

    order = whats(told)
    assert order.index("ended") < order.index("asked") < order.index("answered")


def test_a_person_reads_a_line_a_step(keeper: Operator) -> None:
    text = keeper.calls("why", uuid(7)).stdout

    first, second, third, *_ = text.splitlines()
    assert first == f"content_generation {uuid(7)}"
    assert second == f"account {ANN}"
    assert third == "committed: 60 held, 47 charged, 0 short"
    assert max(map(len, text.splitlines())) <= 115


def test_the_books_tell_their_part_without_kafka(keeper: Operator) -> None:
    called = keeper.calls("why", uuid(7), KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")

    assert called.returncode == 0, called.stderr
    assert "charged 47 credits" in called.stdout
    assert "No Kafka answers" in called.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [(str(UUID(int=7)), "nobody has heard of"), ("article-7", "is no id of an operation")],
)
def test_an_operation_that_nobody_knows_is_said_in_one_line(
    keeper: Operator, name: str, said: str
) -> None:
    called = keeper.calls("why", name)

    assert called.returncode == 1
    assert said in called.stderr.splitlines()[-1]
    assert "Traceback" not in called.stderr
