"""A record that is as large as the broker allows can still be set aside."""

from datetime import UTC, datetime

import pytest

from shared.contracts import topics
from shared.envelope import MAX_DEAD_VALUE_BYTES, dead_letter
from tests.making import ANN, completed, reader, record
from tests.recorder import sent

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
