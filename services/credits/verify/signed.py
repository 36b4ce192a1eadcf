"""Whatever a developer changed by hand he has signed for, verified again from the topics (I15).

Only what Kafka must still have is asked for. A token of a key that has been taken away since can no
more be verified: it is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from services.credits.verify.letters import reader_for
from shared.access import ACTOR
from shared.actor import Protected, unpadded
from shared.contracts.credits import (
    AdjustmentRequested,
    CostConfigUpdateRequested,
    ModelPriceUpdateRequested,
)
from shared.contracts.message import Message
from shared.kafka import Letter, Refused
from shared.verifying import Finding, Keys, Snapshot, of_one, violations_in

SAID: tuple[type[Message], ...] = (
    AdjustmentRequested,
    CostConfigUpdateRequested,
    ModelPriceUpdateRequested,
)
TOPICS = tuple(message.topic for message in SAID)
# A command may wait so long before it is read, while Kafka forgets it.
LONGEST_WAIT = timedelta(hours=1)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

# A model that stops being the default has nobody's command of its own, but its successor's.
MADE = """
    SELECT account_id::text AS account_id, 'a change by hand that nobody has signed for' AS what,
           jsonb_build_object('topic', topic, 'id', id, 'user_id', user_id)::text AS numbers
    FROM (
        SELECT account_id, 'credits.adjustment.requested' AS topic, adjustment_id::text AS id,
               actor AS user_id, made_at AS at
        FROM adjustments WHERE refusal IS NULL
        UNION ALL
        SELECT NULL, 'cost.config.update.requested', operation_type || ':' || version - 1,
               content ->> 'updated_by', (content ->> 'updated_at')::timestamptz
        FROM cost_configs WHERE price_version > 1
        UNION ALL
        SELECT NULL, 'model.price.update.requested', model || ':' || version - 1,
               content ->> 'updated_by', (content ->> 'updated_at')::timestamptz
        FROM model_prices WHERE price_version > 1 AND (content -> 'is_default')::boolean
    ) AS made
    JOIN unnest($1::text[], $2::text[]) AS kept (topic, since) USING (topic)
    WHERE at >= since::timestamptz AND NOT EXISTS (
        SELECT FROM unnest($3::text[], $4::text[], $5::text[])
                    AS signed (topic, id, user_id)
        WHERE (signed.topic, signed.id, signed.user_id) = (made.topic, made.id, made.user_id))
"""
COUNT = """
    SELECT (SELECT count(*) FROM adjustments WHERE refusal IS NULL)
         + (SELECT count(*) FROM cost_configs WHERE price_version > 1)
         + (SELECT count(*) FROM model_prices WHERE price_version > 1)
"""


@dataclass
class Signatures:
    """Who signed for what, and from when on a topic has everything that can be verified."""

    keys: Keys
    signed: list[tuple[str, str, str]] = field(default_factory=list)
    since: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)  # Topics with tokens of a lost key.
    unknown: int = 0

    def hear(self, letter: Letter) -> None:
        """Take a valid signature for what it is; of one whose key is gone nobody can tell."""
        topic = letter.record.topic
        if isinstance(letter.content, Message) and letter.user_id is not None:
            self.signed.append((topic, id_of(letter.content), letter.user_id))
        elif isinstance(letter.content, Refused) and self._is_of_a_lost_key(letter):
            self.unknown += 1
            self.doubtful.add(topic)

    def _is_of_a_lost_key(self, letter: Letter) -> bool:
        name = key_named(letter.headers.get(ACTOR) or b"")
        return None not in self.keys and name is not None and name not in self.keys


def id_of(said: Message) -> str:
    """A price is changed once from each of its versions."""
    if isinstance(said, CostConfigUpdateRequested | ModelPriceUpdateRequested):
        return f"{said.subject}:{said.expected_version}"
    return said.subject


def key_named(token: bytes) -> str | None:
    try:
        return msgspec.json.decode(unpadded(token.split(b".")[0]), type=Protected).kid
    except ValueError:
        return None


async def find(snapshot: Snapshot) -> Finding:
    """Without any key nothing can be verified; then all of it is counted."""
    finding = Finding(await snapshot.tx.fetchval(COUNT))
    if not snapshot.keys:
        finding.skipped = finding.checked
        return finding
    heard = Signatures(snapshot.keys)
    for message in SAID:
        await listen(snapshot, heard, message)
    signed: Sequence[Sequence[str]] = [*zip(*heard.signed, strict=True)] or [[], [], []]
    kept = list(heard.since), list(heard.since.values())
    finding.add(*violations_in(await snapshot.tx.fetch(MADE, *kept, *signed)))
    finding.skipped = heard.unknown
    return finding


async def listen(snapshot: Snapshot, heard: Signatures, message: type[Message]) -> None:
    """Read all of a topic; what was forgotten of any of its partitions may be missing."""
    topic, begins = message.topic, [FIRST]
    places = snapshot.places({topic})
    for place in places:
        start, _, end = snapshot.reach(place)
        first = LAST if start else FIRST
        reader = reader_for(snapshot, [message])
        async for records in snapshot.retained.read(place, start, end):
            if first == LAST:
                first = datetime.fromtimestamp(records[0].timestamp / 1000, UTC) + LONGEST_WAIT
            for letter in reader.read_all(records):
                heard.hear(letter)
        begins.append(first)
    is_known = places and topic not in heard.doubtful
    heard.since[topic] = (max(begins) if is_known else LAST).isoformat()


CHECKS = (of_one("I15", find, "topics"),)
