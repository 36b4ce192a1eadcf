"""A record that is as large as the broker allows can still be set aside."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts import topics
from shared.envelope import MAX_DEAD_VALUE_BYTES, dead_letter
from shared.outbox import is_too_large
from shared.publisher import packed
from tests.making import ANN, completed, reader, record
from tests.recorder import sent

MEBIBYTE = 1024 * 1024
MIDNIGHT = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "cut_from"),
    [
        (topics.MAX_RECORD_BYTES, None),
        (MAX_DEAD_VALUE_BYTES + 1, b"%d" % (MAX_DEAD_VALUE_BYTES + 1)),
    ],
    ids=["as the broker allows", "larger when it was compressed"],
)
def test_a_dead_letter_fits_into_its_topic(size: int, cut_from: bytes | None) -> None:
    told = record(completed(1, ANN))
    large = reader(type(completed(1, ANN))).read(told)
    large.record = type(told)(**{**vars(told), "value": b"a" * size})

    (dead,) = sent([dead_letter(large, "too_large", MIDNIGHT)])

    (topic,) = (topic for topic in topics.TOPICS if topic.name == dead.topic)
    most = int(topics.config(topic)["max.message.bytes"])
    assert len(dead.value or b"") == min(size, MAX_DEAD_VALUE_BYTES)
    assert len(dead.value or b"") + topics.MAX_RECORD_BYTES < most
    assert dict(dead.headers).get("dlq_cut_from") == cut_from


@pytest.mark.parametrize(
    "grown",
    [
        {"key": b"k" * 40 * MEBIBYTE},
        {"headers": [("large", b"h" * 40 * MEBIBYTE), ("small", b"s")]},
        {"headers": [("h" * 40 * MEBIBYTE, None)]},
        {"headers": [("many", b"h" * MEBIBYTE)] * 40},
        {"key": b"k" * 40 * MEBIBYTE, "headers": [("h", b"h" * 40 * MEBIBYTE)], "value": None},
        {
            "key": b"k" * 40 * MEBIBYTE,
            "headers": [("many", b"h" * MEBIBYTE)] * 40,
            "value": b"v" * 40 * MEBIBYTE,
        },
    ],
    ids=["key", "header", "name", "headers", "tombstone", "all"],
)
def test_whatever_was_large_about_it_a_dead_letter_fits_and_says_that_it_was_cut(
    grown: dict[str, Any],
) -> None:
    told = record(completed(1, ANN))
    large = reader(type(completed(1, ANN))).read(told)
    large.record = type(told)(**{**vars(told), **grown})

    letter = dead_letter(large, "too_large", MIDNIGHT)

    assert not any(map(is_too_large, packed([letter])))
    (dead,) = sent([letter])
    assert dict(dead.headers)["dlq_cut_from"] == b"%d" % len(large.record.value or b"")
    assert (dead.value is None) == (large.record.value is None)
    assert (large.record.key or b"").startswith(dead.key or b"-")
