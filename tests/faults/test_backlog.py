"""What has waited comes out as if it had been read at once: causes before effects."""

from deploy.local import programs
from tests.faults.scene import Scene, accounts, funding, lives

BACKLOG = 5_000
TOPICS = ("invoice.paid", "ai.operation.requested", "ai.operation.completed")
STATES = """
    SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[]) AND state = 'committed'
"""


async def test_a_backlog_of_grants_requests_and_completions_is_read_causes_first(
    scene: Scene,
) -> None:
    """Each account can pay for its one operation alone, and only after its grant."""
    owners = accounts(BACKLOG)
    asked, done = lives(owners, BACKLOG)
    await scene.tell(funding(owners, 60))
    await scene.tell(asked)
    await scene.tell(done)

    with programs.running([scene.worker()]):
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": BACKLOG}
    assert await scene.value(STATES, owners) == BACKLOG
    await scene.assert_books_balance()
