"""Every answer that was sent is the answer that stands in the books (I6)."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import msgspec

from shared.contracts.errors import Error
from shared.contracts.message import Reply, encode
from shared.contracts.replies import REPLY_TOPICS
from shared.contracts.types import Json
from shared.kafka import Record
from shared.postgres import Transaction
from shared.verifying import Check, Finding, Snapshot, Violation, of_one

# "You may not", "mistyped", "try later" are no outcomes: the id stays free (`contract.md` 2).
NOT_KEPT = ("forbidden", "invalid", "unavailable", "not.found")
NOBODY = ""  # Whose prices are.
CE_TYPE = "ce_type"

Key: TypeAlias = tuple[str, str]  # An account, and the natural key of a command.
# Of each key, all answers that it may have got; a command with a first answer has that one alone.
Answers: TypeAlias = Mapping[Key, Sequence[Reply]]
Find: TypeAlias = Callable[[Transaction, Collection[Key]], Awaitable[Answers]]


def is_an_outcome(reply: Reply) -> bool:
    return reply.error is None or reply.error.code not in NOT_KEPT


def is_done(reply: Reply) -> bool:
    """Of what is asked again when something else has changed, no refusal is kept."""
    return reply.error is None


def of_its_account(reply: Reply) -> str | None:
    return reply.account_id


def of_nobody(reply: Reply) -> str:
    return reply.account_id or NOBODY


class Kind(NamedTuple):
    """How the replies to one command are read, and held against what is stored."""

    decode: Callable[[bytes], Reply]
    find: Find
    kept_nowhere: Collection[Callable[[str], Error]] = ()  # The conflicts with a state.
    is_kept: Callable[[Reply], bool] = is_an_outcome
    whose: Callable[[Reply], str | None] = of_its_account


Kinds: TypeAlias = Mapping[str, Kind]  # By the topic of the reply.


def of_type(reply: type[Reply], find: Find, *kept_nowhere: Callable[[str], Error]) -> Kind:
    return Kind(msgspec.json.Decoder(reply).decode, find, kept_nowhere)


def topics_of(kinds: Kinds) -> Sequence[str]:
    """Where they are sent, whoever asked."""
    return *REPLY_TOPICS, *kinds


def check(kinds: Kinds) -> Check:
    return of_one("I6", partial(find, kinds), "topics")


async def find(kinds: Kinds, snapshot: Snapshot) -> Finding:
    """Compare the answers that the topics still hold; how many they have lost is counted."""
    finding = Finding()
    for place in snapshot.places(topics_of(kinds)):
        start, end = snapshot.begin[place], snapshot.sure[place]
        finding.skipped += start
        async for records in snapshot.retained.read(place, start, end):
            for topic, replies in sorted_out(kinds, records).items():
                await compare(snapshot, finding, kinds[topic], replies)
    return finding


def sorted_out(kinds: Kinds, records: Sequence[Record]) -> Mapping[str, Sequence[Reply]]:
    """The answers to each command, but for those that are no outcome."""
    found: dict[str, list[Reply]] = {}
    for record in records:
        topic = type_of(record)
        if topic in kinds:
            reply = kinds[topic].decode(record.value or b"")
            if kinds[topic].is_kept(reply):
                found.setdefault(topic, []).append(reply)
    return found


def type_of(record: Record) -> str:
    said = next((value for name, value in record.headers if name == CE_TYPE), None)
    return (said or b"").decode(errors="replace")


async def compare(
    snapshot: Snapshot, finding: Finding, kind: Kind, replies: Sequence[Reply]
) -> None:
    named = [(whose, reply.id) for reply in replies if (whose := kind.whose(reply)) is not None]
    stored = await find_stored(snapshot.tx, finding, kind, set(named))
    finding.checked += len(replies)
    for reply in replies:
        may_be = stored.get((kind.whose(reply) or NOBODY, reply.id))
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
    return written == rewritten or present(written) == present(rewritten)


def present(said: bytes) -> Json:
    """What is said: null and absent are the same, and what was kept may leave out more."""
    return without_nulls(msgspec.json.decode(said))


def without_nulls(said: Json) -> Json:
    match said:
        case dict():
            return {name: without_nulls(one) for name, one in said.items() if one is not None}
        case list():
            return [without_nulls(one) for one in said]
        case _:
            return said


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
