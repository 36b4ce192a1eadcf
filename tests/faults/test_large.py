"""A backlog of records as large as may be takes no more memory than one of small ones."""

import asyncio
from uuid import uuid4

import psutil

from deploy.local import programs
from deploy.local.programs import Program
from services.credits.domain import OBEYED
from shared.contracts.message import Message
from shared.envelope import Outgoing
from shared.kafka import MAX_VALUE_BYTES
from shared.lanes import partition_of
from shared.wire import stamped
from tests.contracts.filled import filled
from tests.faults.scene import LOOK_AGAIN_SECONDS, Scene, accounts
from tests.making import PARTITIONS

MEBIBYTE = 1024 * 1024
MOST_MEBIBYTES = 300
NOBODY_KNOWS = b',"x":"' + b"a" * (MAX_VALUE_BYTES - 10_000) + b'"}'
OF_EACH_TOPIC = 16
TOPICS = [message.topic for message in OBEYED]


def large(message: type[Message], account: str) -> Outgoing:
    """With a field that nobody reads; what it says of a catalogue is about nothing that is used."""
    own = f"code-{uuid4()}"
    said = {
        "account_id": account,
        "operation_id": str(uuid4()),
        "run_id": str(uuid4()),
        "invoice_id": str(uuid4()),
        "plan_code": own,
        "package_code": own,
        "model_name": own,
        "operation_type": own,
    }
    key = (account if message.keyed_by == "account" else own).encode()
    value = filled(message, {}, said)[:-1] + NOBODY_KNOWS
    return Outgoing(message.topic, partition_of(key, PARTITIONS), stamped(key, value, (), 0))


async def most_of(program: Program) -> int:
    """Sample the memory of a worker for as long as somebody asks, and say what was the most."""
    assert program.process is not None
    process, most = psutil.Process(program.process.pid), 0
    try:
        while True:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    except asyncio.CancelledError:
        return most // MEBIBYTE


async def test_a_worker_with_a_backlog_of_large_records_stays_small(scene: Scene) -> None:
    owners = accounts(OF_EACH_TOPIC)
    for message in OBEYED:
        await scene.publish([large(message, owner) for owner in owners])
    worker = scene.worker()

    with programs.running([worker]):
        watching = asyncio.create_task(most_of(worker))
        await scene.settled(*TOPICS)
        watching.cancel()
        most = await watching

    assert most < MOST_MEBIBYTES
