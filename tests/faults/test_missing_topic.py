"""Where dead letters cannot be kept nothing is skipped: the poll waits until they can."""

from deploy import topics
from deploy.local import programs
from deploy.local.environment import KAFKA
from shared.contracts.credits import InvoicePaid, OperationFailed, OperationRequested
from tests.faults import poison
from tests.faults.looking import records_in, until_metric
from tests.faults.scene import Scene, accounts, funding, lives

TOPICS = (InvoicePaid.topic, OperationRequested.topic, OperationFailed.topic)
DEAD_TOPIC = f"{OperationFailed.topic}.dlq"
FAILURES = "igny8_publish_failures_total"
GARBAGE = [b"%d {" % number for number in range(10)]


async def test_a_dead_letter_topic_that_is_missing_stops_the_poll_until_it_is_there(
    scene: Scene,
) -> None:
    owners = accounts(20)
    asked, _ = lives(owners, 200)
    bad = [poison.sent(OperationFailed.topic, owners[0], value) for value in GARBAGE]
    worker = scene.worker()
    with programs.running([worker]):
        await scene.tell(funding(owners, 10**6))
        await scene.settled(*TOPICS)
        async with topics.connected_to(scene.environment[KAFKA]) as admin:
            await admin.delete_topics([DEAD_TOPIC])
        await scene.publish(bad)
        await scene.tell(asked)
        await until_metric(bool, worker, FAILURES)
        assert await scene.value("SELECT count(*) FROM outbox") > 0

        await topics.make_for(scene.environment)
        await scene.settled(*TOPICS)

    dead = {record.value for record in await records_in(scene, DEAD_TOPIC)}
    assert dead == set(GARBAGE)
    assert await scene.answered(asked) == {"ok": len(asked)}
    await scene.assert_books_balance()
