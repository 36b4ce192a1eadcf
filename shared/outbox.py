"""Records leave with the transaction that made them true: one packed row, published from memory.

The row is recovery only. It is deleted by the next transaction, and whatever a crash leaves behind
is published by `recover`: at least once, under the same ids. A worker publishes one parcel after
the other, so an account's records never overtake each other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
import structlog
from cramjam import lz4

from shared import metrics
from shared.contracts.topics import most_bytes
from shared.courier import Courier
from shared.envelope import Outgoing
from shared.postgres import Pool, Transaction, transaction
from shared.publisher import MAX_BATCH_BYTES, Publisher, TooLargeError, packed
from shared.wire import Run, run_bytes

LEASE_SECONDS = 3.0
PARCELS_A_ROUND = 20

KEEP = """
    WITH arrived AS (DELETE FROM outbox WHERE parcel_id = ANY($1::bigint[]))
    INSERT INTO outbox (partitions, records) VALUES ($2, $3) RETURNING parcel_id
"""
FORGET = "DELETE FROM outbox WHERE parcel_id = ANY($1::bigint[])"
RENEW = "UPDATE outbox SET leased_at = clock_timestamp() WHERE parcel_id = ANY($1::bigint[])"
LEASE = """
    UPDATE outbox SET leased_at = clock_timestamp() WHERE parcel_id IN (
        SELECT parcel_id FROM outbox
        WHERE (leased_at < clock_timestamp() - make_interval(secs => $1)
               OR partitions && $3::int[]) AND leased_at < 'infinity'
        ORDER BY parcel_id LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING parcel_id, records
"""
# Nobody leases it any more; an operator may, when the broker takes larger records.
PUT_ASIDE = """
    UPDATE outbox SET partitions = $2, records = $3, leased_at = 'infinity' WHERE parcel_id = $1
"""
WAITING = """
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(made_at)), 0)::float8
    FROM outbox
"""

write_runs = msgspec.msgpack.Encoder().encode
read_runs = msgspec.msgpack.Decoder(list[Run]).decode
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one transaction sends, and the arrived parcels that it deleted."""

    parcel_id: int
    runs: Sequence[Run]
    arrived: Sequence[int]


class Outbox:
    """The one way from a worker's transactions to Kafka: parcels leave in the order of `send`."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._courier = Courier(publisher)
        self._arrived: set[int] = set()
        self._travelling: set[int] = set()
        self._refused: dict[int, Sequence[Run]] = {}

    async def add(self, tx: Transaction, records: Sequence[Outgoing]) -> Parcel | None:
        """Keep the records in the caller's transaction. Handlers never publish.

        TooLargeError when the broker would never take one of them.
        """
        if not records:
            return None
        made, arrived = packed(records), list(self._arrived)
        if large := [run for run in made if is_too_large(run)]:
            raise TooLargeError(large)
        parcel_id = await tx.fetchval(KEEP, arrived, *written(made))
        return Parcel(parcel_id, made, arrived)

    async def send(self, parcel: Parcel | None) -> None:
        """Publish a committed parcel from memory, while the caller goes on with the next batch."""
        if parcel is None:
            return
        self._arrived.difference_update(parcel.arrived)
        self._travelling.add(parcel.parcel_id)
        await self._courier.send(parcel.runs, partial(self._has_arrived, parcel.parcel_id))

    def _has_arrived(self, parcel_id: int, refused: Sequence[Run]) -> None:
        self._travelling.discard(parcel_id)
        if refused:
            self._refused[parcel_id] = refused
        else:
            self._arrived.add(parcel_id)

    async def settled(self) -> None:
        """Wait for the parcel in flight."""
        await self._courier.settled()

    async def tidy(self, pool: Pool) -> None:
        """Delete what has arrived while no batch came by; keep what travels from others' hands."""
        for parcel_id in list(self._refused):
            await put_aside(pool, parcel_id, self._refused[parcel_id])
            del self._refused[parcel_id]
        arrived, travelling = list(self._arrived), list(self._travelling)
        if arrived:
            await pool.execute(FORGET, arrived)
            self._arrived.difference_update(arrived)
        if travelling:
            await pool.execute(RENEW, travelling)

    async def measure(self, pool: Pool) -> None:
        """Show how much waits and for how long."""
        row = await pool.fetchrow(WAITING)
        if row is not None:
            metrics.OUTBOX_ROWS.set(row[0])
            metrics.OUTBOX_AGE.set(row[1])

    async def recover(self, pool: Pool, partitions: Collection[int] = ()) -> int:
        """Publish what a crash left behind, the oldest first; say how many parcels.

        `partitions` are those that this worker has just been given: what their last owner left
        behind goes first, without waiting for his lease, so that nothing of ours overtakes it.
        """
        async with transaction(pool) as tx:
            rows = await tx.fetch(LEASE, LEASE_SECONDS, PARCELS_A_ROUND, list(partitions))
        for parcel_id, compressed in sorted(map(tuple, rows)):
            left = read_runs(lz4.decompress_block(compressed))
            if refused := await self._publisher.deliver(left):
                await put_aside(pool, parcel_id, refused)
            else:
                await pool.execute(FORGET, [parcel_id])
            log.info("a parcel that was left behind is published", parcel=parcel_id)
        return len(rows)


def is_too_large(run: Run) -> bool:
    """Whether it is one record, and more than its topic takes."""
    return len(run.records) > MAX_BATCH_BYTES and run_bytes(run) > most_bytes(run.topic)


def written(made: Sequence[Run]) -> tuple[list[int], bytes]:
    """The partitions of a row and its records, packed."""
    partitions = list({run.partition for run in made})
    return partitions, bytes(lz4.compress_block(write_runs(made)))


async def put_aside(pool: Pool, parcel_id: int, refused: Sequence[Run]) -> None:
    """Keep of a parcel what no broker takes: loudly, for its row waits until somebody looks."""
    await pool.execute(PUT_ASIDE, parcel_id, *written(refused))
    log.critical("a parcel is put aside: it is too large", parcel=parcel_id)
