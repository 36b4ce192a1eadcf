"""The AsyncAPI document names every topic, with a schema, a key and settings of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import documents
from shared.contracts.asyncapi import document
from shared.contracts.message import Request
from shared.contracts.services import SERVICES, Service
from shared.contracts.topics import TOPICS
from shared.contracts.types import Json

DOCUMENT = document(SERVICES)
CHANNELS = DOCUMENT["channels"]
OPERATIONS = DOCUMENT["operations"]
MESSAGES = DOCUMENT["components"]["messages"]
SCHEMAS = DOCUMENT["components"]["schemas"]


def follow(reference: str) -> Json:
    found = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references_in(value: Json) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references_in(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references_in(inner) for inner in value))
    return set()


def test_every_topic_is_a_channel_with_its_own_settings() -> None:
    assert {channel["address"] for channel in CHANNELS.values()} - {None} == {
        topic.name for topic in TOPICS
    }
    for topic in TOPICS:
        told = CHANNELS[topic.name]["bindings"]["kafka"]["topicConfiguration"]
        assert told["cleanup.policy"] == ["compact" if topic.is_compacted else "delete"]
        assert told.get("retention.ms") == topic.retention_ms


def test_every_message_has_a_payload_of_its_own() -> None:
    for name in {m.__name__ for one in SERVICES for m in (*one.read, *one.announced)}:
        assert MESSAGES[name]["payload"] == {"$ref": f"#/components/schemas/{name}"}
        assert SCHEMAS[name]["properties"]


def test_every_reference_leads_somewhere() -> None:
    for reference in references_in(DOCUMENT):
        assert follow(reference), reference


def test_a_service_receives_what_it_obeys_and_sends_what_it_announces() -> None:
    received = {f"{one.name}.receives.{m.topic}" for one in SERVICES for m in one.read}
    sent = {f"{one.name}.sends.{m.topic}" for one in SERVICES for m in one.announced}
    assert OPERATIONS.keys() == received | sent


def test_a_request_says_who_may_ask_and_where_the_answer_goes() -> None:
    asked = OPERATIONS["credits.receives.ai.operation.requested"]
    assert asked["description"] == "Who: svc, edit+bot."
    assert asked["reply"]["address"] == {"location": "$message.header#/reply_to"}
    assert asked["reply"]["messages"] == [{"$ref": "#/channels/reply/messages/OperationReplied"}]
    for service in SERVICES:
        for topic in (m.topic for m in service.read if issubclass(m, Request)):
            assert "reply" in OPERATIONS[f"{service.name}.receives.{topic}"]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_query_shows_the_parameters_and_the_answer_of_all_that_can_be_asked(
    service: Service,
) -> None:
    (query,) = (message.__name__ for message in service.queries)
    shown = {one["title"]: one["properties"]["params"] for one in SCHEMAS[query]["oneOf"]}
    schemas = {asked.query: f"#/components/schemas/{asked.__name__}" for asked in service.asked}
    assert shown == {query: {"$ref": schema} for query, schema in schemas.items()}
    answers = references_in(SCHEMAS[f"{query}Replied"]["properties"]["data"])
    assert answers == {f"#/components/schemas/{asked.answer.__name__}" for asked in service.asked}


@pytest.mark.parametrize(
    ("message", "headers", "needed"),
    [
        ("OperationRequested", "RequestHeaders", set[str]()),
        ("InvoicePaid", "ReportHeaders", set[str]()),
        ("BalanceChanged", "SentHeaders", {"ce_id", "ce_time"}),
        ("MemberSeen", "ReportHeaders", set[str]()),
        ("CreditsReserved", "SentHeaders", {"ce_id", "ce_subject", "correlation_id"}),
        ("OperationReplied", "SentHeaders", {"ce_id", "causation_id"}),
        ("DeadLetter", "DeadLetterHeaders", {"dlq_reason", "dlq_timestamp"}),
    ],
)
def test_headers_are_those_of_what_is_sent_asked_or_set_aside(
    message: str, headers: str, needed: set[str]
) -> None:
    assert MESSAGES[message]["headers"] == {"$ref": f"#/components/schemas/{headers}"}
    assert needed <= set(SCHEMAS[headers].get("required", []))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.documents", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=documents.ASYNCAPI.parent.parent,
    )


def test_the_document_in_the_repository_is_up_to_date() -> None:
    assert documents.is_up_to_date(documents.ASYNCAPI)


def test_a_document_that_is_not_up_to_date_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "asyncapi.json"
    missing = run("--check", "--to", str(path))
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert run("--to", str(path)).returncode == 0
    assert run("--check", "--to", str(path)).returncode == 0
    path.write_text("{}")
    assert run("--check", "--to", str(path)).returncode == 1
    assert path.read_text() == "{}"
