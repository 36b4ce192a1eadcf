"""What became of each bad record: answered with its code, or set aside as it came."""

from collections.abc import Sequence

import msgspec

from shared.envelope import Outgoing
from shared.kafka import Record
from tests.faults.looking import records_in
from tests.faults.poison import Poison
from tests.faults.scene import Scene

OURS = "dlq_"


def woven(good: Sequence[Outgoing], others: Sequence[Sequence[Outgoing]]) -> list[Outgoing]:
    """Spread the others evenly among the good ones."""
    gap = len(good) // len(others)
    mixed: list[Outgoing] = []
    for place, some in enumerate(others):
        mixed += [*good[place * gap : (place + 1) * gap], *some]
    return mixed + list(good[len(others) * gap :])


async def assert_fates(scene: Scene, bad: Sequence[Poison]) -> None:
    await assert_answered(scene, [one for one in bad if not one.is_set_aside])
    await assert_set_aside(scene, [one for one in bad if one.is_set_aside])


async def assert_answered(scene: Scene, bad: Sequence[Poison]) -> None:
    """Each one with its code, and the fields to mend, where it was asked for."""
    said = {}
    for record in await records_in(scene, "replies.ops"):
        error = msgspec.json.decode(record.value or b"").get("error") or {}
        paths = [field["path"] for field in error.get("fields", ())]
        said[dict(record.headers)["correlation_id"]] = (error.get("code"), paths)
    assert {one.name: said.get(one.mark) for one in bad} == {
        one.name: (one.fate, list(one.paths or ())) for one in bad
    }


async def assert_set_aside(scene: Scene, bad: Sequence[Poison]) -> None:
    """Each one once, as it came, with its position and the reason."""
    topics = {one.topic for one in bad}
    dead = {place_of(x): x for x in await records_in(scene, *(f"{one}.dlq" for one in topics))}
    found = {dict(letter.headers).get("correlation_id"): letter for letter in dead.values()}
    came = {where(record): record for record in await records_in(scene, *topics)}
    assert {one.name: reason_of(found.get(one.mark)) for one in bad} == {
        one.name: one.fate for one in bad
    }
    for one in bad:
        letter = found[one.mark]
        original = came[place_of(letter)]
        assert (letter.key, letter.value) == (original.key, original.value), one.name
        assert (letter.key, letter.value) == (one.account.encode(), one.value), one.name
        kept = [pair for pair in letter.headers if not pair[0].startswith(OURS)]
        assert kept == list(one.headers), one.name
        assert dict(letter.headers)["dlq_timestamp"] == b"%d" % original.timestamp


def reason_of(letter: "Record | None") -> str | None:
    return None if letter is None else dict(letter.headers)["dlq_reason"].decode()


def where(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def place_of(letter: Record) -> tuple[str, int, int]:
    """Where a dead letter was, as it says itself."""
    said = dict(letter.headers)
    return (
        said["dlq_topic"].decode(),
        int(said["dlq_partition"]),
        int(said["dlq_offset"]),
    )
