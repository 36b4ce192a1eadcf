"""Every answer that was sent is the answer that stands in the books (I6)."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from services.credits.book import Key
from services.credits.verify import price_answers
from services.credits.verify.answers import KINDS, Answers, Kind
from shared.contracts.message import Reply, encode
from shared.contracts.replies import REPLY_TOPICS
from shared.contracts.types import Json
from shared.kafka import Record
from shared.postgres import Transaction
from shared.verifying import Finding, Snapshot, Violation

TOPICS = (*REPLY_TOPICS, *KINDS)
# "You may not", "mistyped", "try later" are no outcomes: the id stays free (`contract.md` 2).
NOT_KEPT = ("forbidden", "invalid", "unavailable", "not.found")
NOBODY = ""  # Whose prices are.
OF_NOBODY = price_answers.of_configs, price_answers.of_models
TYPES = {("ce_type", topic.encode()): topic for topic in KINDS}


async def find(snapshot: Snapshot) -> Finding:
    """Compare the answers that the topics still hold; how many they have lost is counted."""
    finding = Finding()
    for place in snapshot.places(TOPICS):
        start, end = snapshot.begin[place], snapshot.sure[place]
        finding.skipped += start
        async for records in snapshot.retained.read(place, start, end):
            for kind, replies in sorted_out(records).items():
                await compare(snapshot, finding, KINDS[kind], replies)
    return finding


def sorted_out(records: Sequence[Record]) -> Mapping[str, Sequence[Reply]]:
    """The answers to each command, but for those that are no outcome."""
    found: dict[str, list[Reply]] = {}
    for record in records:
        topic = next((TYPES[header] for header in record.headers if header in TYPES), None)
        if topic is not None:
            reply = KINDS[topic].decode(record.value or b"")
            if reply.error is None or reply.error.code not in NOT_KEPT:
                found.setdefault(topic, []).append(reply)
    return found


async def compare(
    snapshot: Snapshot, finding: Finding, kind: Kind, replies: Sequence[Reply]
) -> None:
    asked = [reply for reply in replies if reply.account_id or kind.find in OF_NOBODY]
    keys = {(reply.account_id or NOBODY, reply.id) for reply in asked}
    stored = await find_stored(snapshot.tx, finding, kind, keys)
    finding.checked += len(replies)
    for reply in replies:
        may_be = stored.get((reply.account_id or NOBODY, reply.id))
        if wrong := contradiction(kind, reply, may_be):
            finding.add(wrong)


async def find_stored(
    tx: Transaction, finding: Finding, kind: Kind, keys: Collection[Key]
) -> Answers:
    """All of them at once, unless one cannot be read: that one is found by halving."""
    try:
        return await kind.find(tx, keys)
    except msgspec.DecodeError as error:
        if len(keys) == 1:
            ((account_id, name),) = keys
            what = "what a command was answered cannot be read any more"
            finding.add(Violation(account_id, what, {"id": name, "error": str(error)}))
            return {}
    half = len(keys) // 2
    ordered = sorted(keys)
    first = await find_stored(tx, finding, kind, ordered[:half])
    return {**first, **await find_stored(tx, finding, kind, ordered[half:])}


def contradiction(kind: Kind, reply: Reply, may_be: Sequence[Reply] | None) -> Violation | None:
    """What an answer says that the books do not; that it is a repeat is no difference."""
    subject = {"topic": reply.topic, "id": reply.id}
    stands = [msgspec.structs.replace(one, replayed=reply.replayed) for one in may_be or ()]
    may_be_now = about_state(kind, reply) if may_be is not None else ()
    if any(is_same(reply, one) for one in (*stands, *may_be_now)):
        return None
    if not stands:
        what = "a command was answered that the books do not know"
        return Violation(reply.account_id, what, subject)
    what = "a command was answered in one way and stands in the books in another"
    answered, stored = min((differences(reply, one) for one in stands), key=lambda two: len(two[0]))
    return Violation(reply.account_id, what, subject | {"answered": answered, "stored": stored})


def is_same(one: Reply, other: Reply) -> bool:
    """Whether both say the same on the wire; what PostgreSQL keeps as JSON has lost its order."""
    written, rewritten = encode(one), encode(other)
    return written == rewritten or msgspec.json.decode(written) == msgspec.json.decode(rewritten)


def about_state(kind: Kind, reply: Reply) -> Sequence[Reply]:
    """The conflicts with what another request got under the same id, which are kept nowhere."""
    if reply.error is None or reply.error.state is None:
        return ()
    errors = [conflict(reply.error.state) for conflict in kind.kept_nowhere]
    return [msgspec.structs.replace(reply, error=error) for error in errors]


def differences(reply: Reply, stands: Reply) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """The fields in which two answers differ, as each of them has it."""
    one, other = fields_of(reply), fields_of(stands)
    names = [name for name in one | other if one.get(name) != other.get(name)]
    return {name: one.get(name) for name in names}, {name: other.get(name) for name in names}


def fields_of(reply: Reply) -> dict[str, Json]:
    said: dict[str, Json] = msgspec.to_builtins(reply.error or reply.data)
    return said | {"status": reply.status}
