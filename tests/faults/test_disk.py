"""A broken byte on the broker's disk stops its partition and nothing else, and skips nothing."""

from pathlib import Path

from deploy.local import programs
from shared.contracts.credits import InvoicePaid, OperationRequested
from shared.lanes import lane_of
from tests.faults.loads import RESERVED
from tests.faults.looking import metric, until_metric
from tests.faults.scene import Scene, accounts, funding, lives
from tests.making import PARTITIONS

TOPIC = OperationRequested.topic
STOPPED = "igny8_partition_stopped"
PLENTY = 10**9
FEW = 40


def log_of(scene: Scene, topic: str, partition: int) -> Path:
    """The segment to which the broker writes."""
    return max(scene.home.glob(f"kafka/**/{topic}-{partition}/*.log"))


def flip_a_bit(log: Path, at: int) -> None:
    with log.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


async def test_a_batch_that_is_broken_on_disk_stops_its_partition_until_it_is_mended(
    scene: Scene,
) -> None:
    owners = accounts(40)
    number = lane_of(owners[0]) % PARTITIONS
    elsewhere = [owner for owner in owners if lane_of(owner) % PARTITIONS != number]
    before, _ = lives(owners, FEW)
    broken, _ = lives(owners[:1], 1)
    after, _ = lives(owners, FEW)
    worker = scene.worker()

    with programs.running([worker]):
        await scene.tell(funding(owners, PLENTY))
        await scene.settled(InvoicePaid.topic)
    await scene.tell(before)
    await scene.tell(broken)
    log = log_of(scene, TOPIC, number)
    place = log.stat().st_size - 1
    flip_a_bit(log, place)
    await scene.tell(after)
    with programs.running([worker]):
        await until_metric(bool, worker, STOPPED, topic=TOPIC, partition=str(number))
        expected = len(owners) + len(elsewhere)
        await scene.until(lambda reserved: reserved == expected, RESERVED, owners)
        assert await metric(worker, STOPPED) == 1

        more, _ = lives(elsewhere, FEW)
        await scene.tell(more)
        expected += FEW
        await scene.until(lambda reserved: reserved == expected, RESERVED, owners)

    flip_a_bit(log, place)
    with programs.running([worker]):
        await scene.settled(InvoicePaid.topic, TOPIC)
    assert await scene.answered([*before, *broken, *after, *more]) == {"ok": 3 * FEW + 1}
    await scene.assert_books_balance()
