"""How what we send is addressed: named after its cause, followed by name, told to whoever asked."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.credits import OperationReplied, OperationRequested
from shared.contracts.message import Message
from shared.contracts.replies import REPLY_TOPICS
from shared.envelope import (
    Cause,
    Postmark,
    announce,
    cause,
    cause_of_itself,
    stable_id,
    trace_of,
)
from shared.kafka import Letter
from shared.lanes import lane_of
from tests import making
from tests.making import ANN, BOB, PARTITIONS, uuid
from tests.recorder import Sent, sent

NOW = datetime(2026, 1, 15, 12, 0, 0, 1000, tzinfo=UTC)
ASKED = making.requested(1)
FACT = making.failed(1)
REPLY = OperationReplied(
    account_id=ANN, command=OperationRequested.topic, id=ASKED.subject, status="error"
)
HOME = lane_of(ANN) % PARTITIONS
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOTHING = [None, b"", b"\xff"]  # As if the header were not there.


def asked_with(**headers: bytes | None) -> Letter:
    return making.letter(ASKED, headers, offset=41)


def cause_with(**headers: bytes | None) -> Cause:
    return cause(asked_with(**headers), ANN, ASKED.subject, PARTITIONS)


def told(message: Message, because: Cause) -> Sent:
    (one,) = sent([announce(message, because, Postmark("credits", NOW, PARTITIONS))])
    return one


def headers_of(message: Message, **headers: bytes | None) -> dict[str, Any]:
    one = told(message, cause_with(**headers))
    assert len(dict(one.headers)) == len(one.headers)
    return dict(one.headers)


@given(st.text(max_size=60), st.binary(max_size=80))
def test_a_message_is_named_as_uuid5_names_it(topic: str, cause_of_it: bytes) -> None:
    named_after = cause_of_it.hex()

    assert stable_id(topic, named_after.encode()).decode() == str(
        uuid5(uuid5(NAMESPACE_URL, topic), named_after)
    )


def test_a_fact_keeps_its_name_whatever_it_was_told_for() -> None:
    first = headers_of(FACT, correlation_id=b"one", ce_id=b"a")
    again = headers_of(FACT, correlation_id=b"two", ce_id=b"b")

    assert first["ce_id"] == again["ce_id"]
    assert headers_of(making.failed(2))["ce_id"] != first["ce_id"]
    of_another = told(making.failed(1, BOB), cause(asked_with(), BOB, ASKED.subject, PARTITIONS))
    assert of_another.header("ce_id") != first["ce_id"]


def test_an_answer_is_named_after_who_asked() -> None:
    first = headers_of(REPLY, correlation_id=b"one")

    assert headers_of(REPLY, correlation_id=b"one")["ce_id"] == first["ce_id"]
    assert headers_of(REPLY, correlation_id=b"two")["ce_id"] != first["ce_id"]


def test_what_is_sent_carries_the_headers_of_the_contract() -> None:
    said = headers_of(FACT, correlation_id=b"c-1", ce_id=b"e-1", traceparent=TRACE)

    identity = said.pop("ce_id")
    assert len(identity) == len(uuid(0))
    assert said == {
        "ce_specversion": b"1.0",
        "ce_type": FACT.topic.encode(),
        "ce_source": b"/igny8/credits",
        "ce_time": b"2026-01-15T12:00:00.001Z",
        "ce_subject": FACT.subject.encode(),
        "content-type": b"application/json",
        "correlation_id": b"c-1",
        "causation_id": b"e-1",
        "traceparent": TRACE,
    }


@pytest.mark.parametrize("nothing", NOTHING)
def test_without_a_name_it_is_followed_by_its_natural_key_and_its_place(
    nothing: bytes | None,
) -> None:
    place = f"{ASKED.topic}:{HOME}:41".encode()
    for said in (
        headers_of(FACT),
        headers_of(FACT, correlation_id=nothing, ce_id=nothing, traceparent=nothing),
    ):
        assert (said["correlation_id"], said["causation_id"]) == (ASKED.subject.encode(), place)
        assert said["traceparent"] == trace_of(ASKED.subject.encode())


@pytest.mark.parametrize(
    ("correlation_id", "trace"),
    [
        (b"5b0c3f6e-2d41-4c7a-9e58-1f6d0a7b3c24", b"5b0c3f6e2d414c7a9e581f6d0a7b3c24"),
        (b"draft-1", b"cf267217bb937a0722dd82689d9152d1"),
        (b"00000000-0000-0000-0000-000000000001", None),
        (b"5b0c3f6e-2d41-4c7a-0000-000000000000", None),
    ],
)
def test_what_came_without_a_trace_begins_one_that_a_repeat_goes_on_with(
    correlation_id: bytes, trace: bytes | None
) -> None:
    version, trace_id, span_id, flags = trace_of(correlation_id).split(b"-")
    assert (version, len(trace_id), len(span_id), flags) == (b"00", 32, 16, b"00")
    assert int(trace_id, 16) > 0
    assert int(span_id, 16) > 0
    assert trace in (None, trace_id)
    assert trace_of(correlation_id) == trace_of(correlation_id)


def test_without_a_natural_key_either_it_is_followed_by_its_place() -> None:
    place = f"{ASKED.topic}:{HOME}:41".encode()
    for letter in (asked_with(), asked_with(other=b"x")):
        one = told(FACT, cause(letter, ANN, "", PARTITIONS))
        assert one.header("correlation_id") == one.header("causation_id") == place


def test_what_nobody_asked_for_follows_from_itself() -> None:
    one = told(FACT, cause_of_itself(ANN, "a-hold", 3))

    assert one.header("correlation_id") == one.header("causation_id") == b"a-hold"
    assert (one.key, one.partition) == (ANN.encode(), 3)


def test_all_of_an_account_goes_to_its_lane_even_if_the_cause_was_astray() -> None:
    astray = making.letter(ASKED, {"x": b"y"}, partition=(HOME + 1) % PARTITIONS)
    for letter in (astray, making.letter(ASKED, partition=(HOME + 1) % PARTITIONS)):
        one = told(FACT, cause(letter, ANN, ASKED.subject, PARTITIONS))
        assert (one.key, one.partition) == (ANN.encode(), HOME)


def test_what_is_nobodys_has_no_key_and_stays_in_its_partition() -> None:
    one = told(FACT, cause(making.letter(ASKED, partition=2), None, "x", PARTITIONS))

    assert (one.key, one.partition) == (None, 2)


@pytest.mark.parametrize("topic", REPLY_TOPICS)
def test_an_answer_goes_where_it_is_wanted_and_a_fact_to_everybody(topic: str) -> None:
    because = cause_with(reply_to=topic.encode(), reply_partition=b"1")

    assert told(REPLY, because)[:2] == (topic, 1)
    assert told(FACT, because)[:2] == (FACT.topic, HOME)
    assert told(REPLY, because).header("ce_type") == REPLY.topic.encode()


@pytest.mark.parametrize("partition", [*NOTHING, b"4", b"-1", b"1.0", b" 1", b"9" * 5000])
def test_a_partition_that_is_none_is_as_if_absent(partition: bytes | None) -> None:
    because = cause_with(reply_to=b"replies.web", reply_partition=partition)

    assert told(REPLY, because)[:2] == ("replies.web", HOME)


@pytest.mark.parametrize("topic", [*NOTHING, b"credits.granted", b"replies.web ", b"REPLIES.WEB"])
def test_a_topic_that_takes_no_answers_is_as_if_absent(topic: bytes | None) -> None:
    because = cause_with(reply_to=topic, reply_partition=b"1")

    assert told(REPLY, because)[:2] == (REPLY.topic, HOME)
