"""What may become of a request row; no clock, no I/O.

What may never happen, however often and in whatever order messages arrive:

1. Two attempts of one command are under way at once, or one begins after the command was answered.
2. Somebody who waits gets no final reply, or two; or more than eight wait.
3. An answer that was kept is ever given differently, or given to other content.
4. What belongs to an attempt that is over changes anything.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import msgspec

from shared.contracts.errors import Error, ErrorCode, conflict, unavailable
from shared.contracts.message import Command, Reply, encode
from shared.contracts.operating import Outcome, StoredReply, reply_of
from shared.lanes import lane_of
from shared.steps.rows import MOST_ADDRESSES, Address, Key, RequestRow, Requests, ticket_of

# Nothing was decided: whoever asks next under this id starts anew (`contract.md` 2, "kept": no).
LEAVES_THE_ID_FREE: frozenset[ErrorCode] = frozenset(
    {
        "forbidden",
        "not.found",
        "invalid",
        "provider.failed",
        "provider.timeout",
        "rate.limited",
        "unavailable",
    }
)
OTHER_CONTENT = "This id was already used with other content."
NO_ROOM = "Too many already wait for the answer to this."
TOO_LATE = "This took too long and was given up."

read_stored = msgspec.json.Decoder(StoredReply).decode


class Final(NamedTuple):
    """The last word to one of those who wait."""

    account_id: str
    address: Address
    reply: Reply


@dataclass(frozen=True, slots=True)
class DeadlineDue:
    """What the sweep says: nobody may wait for this any longer, unless it was just answered."""

    account_id: str
    topic: str
    natural_key: str

    @property
    def key(self) -> Key:
        return self.account_id, self.topic, self.natural_key


def begin(
    requests: Requests, command: Command, address: Address, step: str, seconds: float
) -> RequestRow | Reply | None:
    """Read a command of more than one step, for the first time or again.

    A row: an attempt begins, and its first step is to be taken, within so many seconds. A reply: it
    is said at once, and nothing begins. None: who asked now waits with the others.
    """
    known = requests.rows.get((command.account_id, command.topic, command.subject))
    if known is not None and known.state != "abandoned":
        return join(requests, known, command, address)
    row = known or unheard(requests, command)
    row.attempt += 1
    row.ticket = ticket_of(row.natural_key, row.attempt)
    requests.tickets[row.account_id, row.ticket] = row
    # Of an attempt that was given up nothing is kept, not even what it was asked.
    row.state, row.step, row.content = "waiting", step, encode(command)
    row.deadline = requests.now + timedelta(seconds=seconds)
    row.addresses, row.is_changed = [address], True
    return row


def unheard(requests: Requests, command: Command) -> RequestRow:
    """The row of a command before its first attempt."""
    row = RequestRow(
        lane=lane_of(command.account_id),
        account_id=command.account_id,
        topic=command.topic,
        natural_key=command.subject,
        content=b"",
        state="abandoned",
        step="",
        attempt=0,
        ticket="",
        deadline=requests.now,
        created_at=requests.now,
    )
    requests.rows[row.key] = row
    return row


def join(requests: Requests, row: RequestRow, command: Command, address: Address) -> Reply | None:
    """Wait with the others, or learn at once what was answered or why not."""
    if not command.is_as_kept(row.content):
        name = row.topic.removesuffix(".requested")
        return replied(requests, row, refused(conflict(name, row.step, OTHER_CONTENT)))
    if row.outcome is not None:
        return replied(requests, row, read_stored(row.outcome), replayed=True)
    if any(address.is_the_same_as(other) for other in row.addresses):
        return None
    if len(row.addresses) == MOST_ADDRESSES:
        return replied(requests, row, refused(unavailable(NO_ROOM)))
    row.addresses.append(address)
    row.is_changed = True
    return None


def go_on(row: RequestRow, step: str) -> None:
    """Take the next step of the attempt under way; its deadline stays."""
    assert row.state == "waiting", "only what is under way goes on"
    row.step, row.is_changed = step, True


def finish(requests: Requests, row: RequestRow, step: str, said: StoredReply) -> list[Final]:
    """Answer everybody who waits, and remember it unless it leaves the id free."""
    assert row.state == "waiting", "nobody is answered twice"
    is_kept = said.error is None or said.error.code not in LEAVES_THE_ID_FREE
    row.state = "answered" if is_kept else "abandoned"
    row.outcome = encode(said) if is_kept else None
    reply = replied(requests, row, said)
    finals = [Final(row.account_id, address, reply) for address in row.addresses]
    row.step, row.addresses, row.is_changed = step, [], True
    return finals


def expire(requests: Requests, due: DeadlineDue) -> list[Final]:
    """Give up what took too long, unless it was answered or begun anew meanwhile."""
    row = requests.rows.get(due.key)
    if row is None or row.state != "waiting" or row.deadline > requests.now:
        return []
    return finish(requests, row, "abandoned", refused(unavailable(TOO_LATE)))


def refused(error: Error) -> StoredReply:
    return StoredReply(status="error", error=error)


def replied(
    requests: Requests, row: RequestRow, said: StoredReply, *, replayed: bool = False
) -> Reply:
    command = requests.commands[row.topic]
    return reply_of(said, command, row.account_id, row.natural_key, replayed=replayed)


def outcome_of(row: RequestRow | None) -> Outcome:
    """What `command.outcome` says of it; what was given up is as if it had never been asked."""
    if row is None or row.state == "abandoned":
        return Outcome(known=False)
    if row.outcome is None:
        return Outcome(known=True, state="waiting")
    return Outcome(known=True, state="answered", reply=read_stored(row.outcome))
