"""What everybody was told of the accounts of a partition, taken in topic by topic (I11)."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from aiokafka import TopicPartition as Place

from shared.kafka import Record
from shared.verify.order import Order, Versioned, understood
from shared.verifying import Finding, Snapshot, Violation

V = TypeVar("V", bound=Versioned)
V_contra = TypeVar("V_contra", bound=Versioned, contravariant=True)


class Known(Protocol[V_contra]):
    """What was told of one account; `version` is the highest before the books were looked at."""

    version: int

    def hear(self, said: V_contra) -> None: ...


class Lot(NamedTuple, Generic[V]):
    """What was read at once, and what of it was said before the books were looked at."""

    records: Sequence[Record]
    sure: Sequence[V]


async def heard(
    snapshot: Snapshot,
    finding: Finding,
    place: Place,
    readers: Mapping[str, Callable[[bytes], V]],
    known: Mapping[str, Known[V]],
) -> AsyncIterator[Lot[V]]:
    """Take in what one topic says of how accounts stand; versions that fall are wrong."""
    start, sure, end = snapshot.reach(place)
    order = Order[V]()
    async for records in snapshot.retained.read(place, start, end):
        lot = list(understood(readers, records, finding))
        order.hear(lot)
        for record, said in lot:
            account = known[said.account_id]
            account.hear(said)
            if record.offset < sure:
                account.version = max(account.version, said.version)
        yield Lot(records, [said for record, said in lot if record.offset < sure])
    await order.look_again(snapshot, place, start)
    finding.add(*order.inversions())


def strangers(known: Mapping[str, Known[V]]) -> Iterator[Violation]:
    """Those that only the topics know, when all of the books have been taken out."""
    for account_id, told in known.items():
        if told.version:
            what = "an account was announced that is not in the books"
            yield Violation(account_id, what, {"version": told.version})
