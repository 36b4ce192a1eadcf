"""Whatever people changed they have signed for, verified again from the topics (I15).

Only what Kafka must still have is asked for. A token of a key that has been taken away since can no
more be verified: it is counted.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from shared.access import ACTOR
from shared.actor import Protected, unpadded
from shared.contracts.message import Message
from shared.kafka import Letter, Refused
from shared.verify.letters import reader_for
from shared.verifying import Check, Finding, Keys, Snapshot, of_one, violations_in

# A command may wait so long before it is read, while Kafka forgets it.
LONGEST_WAIT = timedelta(hours=1)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


class Made(NamedTuple):
    """What people have changed, and under which names their commands are sought."""

    said: Sequence[type[Message]]
    names: Callable[[Letter, Message], Collection[str]]
    # Given what is kept (topics, since when) and signed (topics, names, people): what is not.
    unsigned: str
    counted: str

    @property
    def topics(self) -> Sequence[str]:
        return [message.topic for message in self.said]


@dataclass
class Signatures:
    """Who signed for what, and from when on a topic has everything that can be verified."""

    keys: Keys
    names: Callable[[Letter, Message], Collection[str]]
    signed: list[tuple[str, str, str]] = field(default_factory=list)
    since: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)  # Topics with tokens of a lost key.
    unknown: int = 0

    def hear(self, letter: Letter) -> None:
        """Take a valid signature for what it is; of one whose key is gone nobody can tell."""
        topic, said = letter.record.topic, letter.content
        if isinstance(said, Message) and letter.user_id is not None:
            self.signed += [(topic, name, letter.user_id) for name in self.names(letter, said)]
        elif isinstance(said, Refused) and self._is_of_a_lost_key(letter):
            self.unknown += 1
            self.doubtful.add(topic)

    def _is_of_a_lost_key(self, letter: Letter) -> bool:
        name = key_named(letter.headers.get(ACTOR) or b"")
        return None not in self.keys and name is not None and name not in self.keys


def key_named(token: bytes) -> str | None:
    try:
        return msgspec.json.decode(unpadded(token.split(b".")[0]), type=Protected).kid
    except ValueError:
        return None


def check(made: Made) -> Check:
    return of_one("I15", partial(find, made), "topics")


async def find(made: Made, snapshot: Snapshot) -> Finding:
    """Without any key nothing can be verified; then all of it is counted."""
    finding = Finding(await snapshot.tx.fetchval(made.counted))
    if not snapshot.keys:
        finding.skipped = finding.checked
        return finding
    heard = Signatures(snapshot.keys, made.names)
    for message in made.said:
        await listen(snapshot, heard, message)
    signed: Sequence[Sequence[str]] = [*zip(*heard.signed, strict=True)] or [[], [], []]
    kept = list(heard.since), list(heard.since.values())
    finding.add(*violations_in(await snapshot.tx.fetch(made.unsigned, *kept, *signed)))
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
