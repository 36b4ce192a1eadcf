"""Whoever writes against docs/publishing.md is told the truth."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec
import pytest

from deploy.local import keys
from services.credits import domain
from services.credits.queries import make_desk
from services.limits.queries import make_desk as limits_desk
from shared.actor import Verifier
from shared.contracts import limits
from shared.contracts.credits import (
    ANNOUNCED,
    OBEYED,
    QUERIES,
    AdjustmentRequested,
    ExtensionRequested,
    FreezeRequested,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
    RunCancelled,
    RunCompleted,
    RunRequested,
    StageCompleted,
    StageFailed,
)
from shared.contracts.errors import ErrorCode
from shared.contracts.headers import ASKING, CLOUD_EVENT, TRACE
from shared.contracts.message import Message, Reply
from shared.settings import Settings
from tests.docs import story as writing
from tests.docs import story_of_limits as importing
from tests.docs.reading import Block, blocks, page, quoted, rows, section
from tests.docs.story import Story
from tests.recorder import Sent

PAGE = page("docs/publishing.md")
SENT = (*OBEYED, *QUERIES, *limits.OBEYED, *limits.QUERIES)
SENT_TO_US = {message.topic: message for message in SENT}


class Played(NamedTuple):
    """What was sent to the services and what they sent."""

    said: Sequence[Message]
    told: Sequence[Sent]


@pytest.fixture(scope="module")
def story() -> Played:
    one = Story(writing.CREDITS).play(writing.STEPS)
    other = Story(importing.LIMITS).play(importing.STEPS)
    return Played([*one.said, *other.said], [*one.told, *other.told])


def in_order(text: str | bytes) -> Any:  # noqa: ANN401 - Whatever JSON says, order of fields included.
    return json.loads(text, object_pairs_hook=list)


@pytest.mark.parametrize("block", blocks(PAGE, "json"), ids=lambda block: " ".join(block.info[1:]))
def test_every_record_on_the_page_is_what_is_really_sent(story: Played, block: Block) -> None:
    *what, topic = block.info[1:]
    if contract := SENT_TO_US.get(topic):
        said = msgspec.json.decode(block.text, type=contract)
        assert topic == "credits.query.requested" or said in story.said
        return
    told = [record for record in story.told if record.topic == topic]
    if what == ["headers"]:
        shown = json.loads(block.text)
        assert shown in [{k: (v or b"").decode() for k, v in x.headers} for x in told]
    else:
        assert in_order(block.text) in [in_order(x.value or b"") for x in told]


@pytest.mark.parametrize(
    "message",
    [
        AdjustmentRequested,
        FreezeRequested,
        OperationRequested,
        OperationCompleted,
        OperationFailed,
        OperationCancelled,
        ExtensionRequested,
        RunRequested,
        StageCompleted,
        StageFailed,
        RunCompleted,
        RunCancelled,
    ],
)
def test_every_field_that_may_be_sent_is_explained(message: type[Message]) -> None:
    explained = quoted(section(PAGE, f"### {message.topic}"))
    fields = {field.encode_name for field in msgspec.structs.fields(message)}
    assert fields <= set(explained)


def test_the_page_tells_which_topics_are_read_today() -> None:
    told = section(PAGE, "### What is read and what is not, today")
    named = {name for row in rows(told) for name in quoted(row[0])}
    assert named == {message.topic for message in domain.OBEYED}


@pytest.mark.parametrize("message", limits.OBEYED, ids=lambda message: message.topic)
def test_everything_that_limits_reads_is_explained(message: type[Message]) -> None:
    told = rows(section(PAGE, "### What limits reads"))
    (row,) = (row for row in told if message.topic in quoted(row[0]))
    if message.__module__.startswith(limits.__name__) or message is limits.KeywordDeleted:
        fields = {field.encode_name for field in msgspec.structs.fields(message)}
        assert fields - {"account_id"} <= set(quoted(row[2].replace("?`", "`")))


def test_every_fact_and_question_of_limits_is_explained() -> None:
    told = quoted(section(PAGE, "### What limits tells everybody"))
    assert {m.topic for m in limits.ANNOUNCED if not issubclass(m, Reply)} <= set(told)
    asked = rows(section(PAGE, "### What limits can be asked"))
    questions = limits_desk("limits", 0).questions
    assert {name for row in asked for name in quoted(row[0])} == set(questions)


def test_every_fact_is_explained_or_said_to_be_for_later() -> None:
    facts = {m.topic for m in ANNOUNCED if not issubclass(m, Reply)}
    assert facts <= set(quoted(section(PAGE, "## Facts")))


def test_the_token_of_the_page_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = keys.make(tmp_path)
    monkeypatch.setenv("ACTOR_PRIVATE_KEY_FILE", str(private))
    (example,) = blocks(PAGE, "python")
    made: dict[str, Any] = {}
    exec(example.text, made)  # noqa: S102 - It is what readers are told to run.
    actor = Verifier.of_file(public).verified(made["token"].encode(), time.time())
    assert actor == made["actor"]


def test_every_error_code_is_named() -> None:
    assert set(get_args(ErrorCode)) <= set(quoted(section(PAGE, "## Errors")))


def test_every_header_is_explained() -> None:
    explained = {name for row in rows(section(PAGE, "## Headers")) for name in quoted(row[0])}
    assert explained == {*ASKING, *CLOUD_EVENT, *TRACE}


def test_the_page_lists_the_questions_that_are_answered() -> None:
    settings = Settings(kafka_bootstrap_servers="nowhere:9092")
    listed = {quoted(row[0])[0] for row in rows(section(PAGE, "## Questions"))}
    assert listed == set(make_desk("credits", settings).questions)
