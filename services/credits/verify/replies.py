"""Every answer that was sent is the answer that stands in the books (I6)."""

from collections.abc import Mapping, Sequence

import msgspec

from services.credits import outcomes, refusals
from services.credits.book import Reservation
from services.credits.queries.operations import FIND_OPERATIONS
from services.credits.store import keys as by_key
from shared.contracts.credits import OperationReplied
from shared.contracts.message import encode
from shared.contracts.replies import REPLY_TOPICS
from shared.contracts.types import Json
from shared.kafka import Record
from shared.lanes import lane_of
from shared.verifying import Finding, Snapshot, Violation

TOPICS = (*REPLY_TOPICS, OperationReplied.topic)
# "You may not", "mistyped", "try later" are no outcomes: the id stays free (`contract.md` 2).
NOT_KEPT = ("forbidden", "invalid", "unavailable", "not.found")
TYPE = ("ce_type", OperationReplied.topic.encode())

read_reply = msgspec.json.Decoder(OperationReplied).decode


async def find(snapshot: Snapshot) -> Finding:
    """Compare the answers that the topics still hold; how many they have lost is counted."""
    finding = Finding()
    for place in snapshot.places(TOPICS):
        start, end = snapshot.begin[place], snapshot.sure[place]
        finding.skipped += start
        async for records in snapshot.retained.read(place, start, end):
            await compare(snapshot, finding, outcomes_in(records))
    return finding


def outcomes_in(records: Sequence[Record]) -> list[OperationReplied]:
    """The answers to requests of operations, but for those that are no outcome."""
    replies = [read_reply(record.value or b"") for record in records if TYPE in record.headers]
    return [reply for reply in replies if reply.error is None or reply.error.code not in NOT_KEPT]


async def compare(
    snapshot: Snapshot, finding: Finding, replies: Sequence[OperationReplied]
) -> None:
    keys = {(lane_of(x.account_id), x.account_id, x.id) for x in replies if x.account_id}
    rows = await by_key.find(snapshot.tx, FIND_OPERATIONS, keys)
    known = {(row["account_id"], row["subject_id"]): Reservation(**row) for row in rows}
    finding.checked += len(replies)
    for reply in replies:
        row = known.get((reply.account_id or "", reply.id))
        if wrong := contradiction(reply, row):
            finding.add(wrong)


def contradiction(reply: OperationReplied, row: Reservation | None) -> Violation | None:
    """What an answer says that the books do not; that it is a repeat is no difference."""
    if row is None or row.request is None:
        what = "an operation was answered that the books do not know"
        return Violation(reply.account_id, what, {"operation_id": reply.id})
    first = outcomes.first_answer(row, replayed=True)  # An extension since then changes nothing.
    stands = msgspec.structs.replace(first, replayed=reply.replayed)
    if encode(reply) in (encode(stands), encode(about_content(reply))):
        return None
    what = "an operation was answered in one way and stands in the books in another"
    answered, stored = differences(reply, stands)
    numbers = {"operation_id": reply.id, "answered": answered, "stored": stored}
    return Violation(reply.account_id, what, numbers)


def about_content(reply: OperationReplied) -> OperationReplied | None:
    """The conflict with what another request got under the same id, which is kept nowhere."""
    if reply.error is None or reply.error.state is None:
        return None
    error = refusals.other_content(reply.error.state)
    return msgspec.structs.replace(reply, error=error)


def differences(
    reply: OperationReplied, stands: OperationReplied
) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """The fields in which two answers differ, as each of them has it."""
    one, other = fields_of(reply), fields_of(stands)
    names = [name for name in one | other if one.get(name) != other.get(name)]
    return {name: one.get(name) for name in names}, {name: other.get(name) for name in names}


def fields_of(reply: OperationReplied) -> dict[str, Json]:
    said: dict[str, Json] = msgspec.to_builtins(reply.error or reply.data)
    return said | {"status": reply.status}
