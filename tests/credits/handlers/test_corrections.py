"""Refunds, disputes and adjustments on a real PostgreSQL: a row each, whatever the polls are."""

from collections.abc import AsyncIterator, Sequence
from itertools import count, permutations

import asyncpg
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.credits.partitions import make_partitions
from shared.actor import Actor, Verifier, sign
from shared.contracts.credits import (
    AdjustmentReplied,
    CreditsGranted,
    CreditsRevoked,
    FreezeReplied,
)
from shared.contracts.message import Message
from shared.contracts.operating import AuditRecorded
from shared.contracts.types import Json, Role
from shared.kafka import Record
from tests import making
from tests.correcting import adjustment, disputed, freeze, refunded, reversed_, unfreeze
from tests.credits.handlers.worker import Worker, working
from tests.making import record

NUMBERS = count(70_000_000, 1000)
KEY = Ed25519PrivateKey.generate()
EXPIRES = making.NOW_MILLISECONDS // 1000 + 60


@pytest.fixture
async def worker(url: str) -> AsyncIterator[Worker]:
    async with working(url, verifier=Verifier({None: KEY.public_key()})) as worker:
        await make_partitions(worker.service)
        yield worker


@pytest.fixture
def account() -> str:
    return making.uuid(next(NUMBERS))


async def bought(worker: Worker, account: str, plan: int = 0, purchased: int = 500) -> None:
    """What there is at first: the package is that of the messages in `tests.correcting`."""
    lines = [making.paid(purchased, account, invoice=902, kind="credit_package", code="pro")]
    if plan:
        lines.append(making.paid(plan, account, invoice=901))
    await worker.obey([record(line) for line in lines])


async def standing(worker: Worker, account: str) -> tuple[int, ...]:
    """Both buckets, what is held, and how many entries there are."""
    query = "SELECT plan_bucket, purchased_bucket, held, seq FROM accounts WHERE account_id = $1"
    row = await worker.service.database.pool_for(None).fetchrow(query, account)
    assert row is not None
    return tuple(row)


async def rows_of(worker: Worker, account: str, columns: str) -> list[tuple[Json, ...]]:
    query = f"SELECT {columns} FROM clawbacks WHERE account_id = $1 ORDER BY subject_id, kind"
    rows = await worker.service.database.pool_for(None).fetch(query, account)
    return [tuple(row) for row in rows]


def by(role: Role, command: Message, sub: str = "eve") -> Record:
    token = sign(Actor(sub=sub, role=role, exp=EXPIRES, account_id=command.account_id), KEY)
    return record(command, {"actor": token, "correlation_id": b"ticket-7"})


async def test_a_refund_lives_from_poll_to_poll(worker: Worker, account: str) -> None:
    await bought(worker, account)
    seen = []
    for message in (freeze(1, 500, account), refunded(1, 500, account), reversed_(1, account)):
        await worker.obey([record(message)])
        (row,) = await rows_of(worker, account, "state, frozen, from_purchased, reverse_seq")
        seen.append((*row, *await standing(worker, account)))

    assert seen == [
        ("frozen", 500, 0, None, 0, 500, 500, 1),
        ("revoked", 500, 500, None, 0, 0, 0, 2),
        ("reversed", 500, 500, 3, 0, 500, 0, 3),
    ]
    (granted,) = [x for x in worker.recorder.messages(CreditsGranted) if x.refund_id]
    assert (granted.code, granted.granted, granted.reason) == ("pro", 500, "refund_reversed")


async def test_a_redelivered_poll_takes_nothing_twice(worker: Worker, account: str) -> None:
    await bought(worker, account)
    poll = [record(refunded(1, 200, account)), record(disputed(2, "lost", 100, account))]

    await worker.obey(poll)
    heard = len(worker.recorder.sent)
    await worker.obey(poll)

    assert len(worker.recorder.sent) == heard
    assert await standing(worker, account) == (0, 200, 0, 3)


STORIES: Sequence[tuple[str, tuple[int, ...], str]] = (
    ("freeze unfreeze", (100, 500, 0, 2), "released"),
    ("freeze refunded", (100, 0, 0, 3), "revoked"),
    ("freeze refunded reversed", (100, 500, 0, 4), "reversed"),
    ("opened won", (100, 500, 0, 2), "released"),
    ("opened lost", (100, 0, 0, 3), "revoked"),
)


@pytest.mark.parametrize("together", [False, True], ids=["poll by poll", "in one poll"])
@pytest.mark.parametrize(("story", "after", "state"), STORIES)
async def test_the_end_is_the_same_in_any_order(
    worker: Worker,
    story: str,
    after: tuple[int, ...],
    state: str,
    together: bool,  # noqa: FBT001 - pytest's way to name a case.
) -> None:
    for order in permutations(story.split()):
        account = making.uuid(next(NUMBERS))
        await bought(worker, account, plan=100)
        records = [record(said_by(word, account)) for word in order]
        for poll in [records] if together else [[one] for one in records]:
            await worker.obey(poll)
        assert await standing(worker, account) == after, order
        assert await rows_of(worker, account, "state") == [(state,)], order


def said_by(word: str, account: str) -> Message:
    if word in {"opened", "won", "lost"}:
        return disputed(1, word, 500, account)
    if word == "freeze":
        return freeze(1, 500, account)
    if word == "refunded":
        return refunded(1, 500, account)
    return unfreeze(1, account) if word == "unfreeze" else reversed_(1, account)


async def test_ids_are_unique_within_an_account_and_a_kind(worker: Worker) -> None:
    ann, bob = making.uuid(next(NUMBERS)), making.uuid(next(NUMBERS))
    for account in (ann, bob):
        await bought(worker, account)

    polled = [freeze(1, 500, ann), freeze(1, 300, bob), disputed(1, "opened", 200, bob)]
    await worker.obey([record(message) for message in polled])
    await worker.obey([record(refunded(1, 300, bob))])

    assert await standing(worker, ann) == (0, 500, 500, 1)
    assert await standing(worker, bob) == (0, 200, 200, 2)
    kinds = await rows_of(worker, bob, "kind, state")
    assert sorted(kinds) == [("dispute", "frozen"), ("refund", "revoked")]


async def test_a_refusal_is_kept_and_a_conflict_of_content_is_not(
    worker: Worker, account: str
) -> None:
    await bought(worker, account)
    await worker.obey([record(freeze(1, 2_000, account))])
    await worker.obey([record(freeze(1, 2_000, account)), record(freeze(1, 10, account))])

    first, again, other = worker.recorder.messages(FreezeReplied)
    assert first.error is not None
    assert (first.error.code, first.error.unspent_credits) == ("refund.exceeds.unspent", 500)
    assert (again.error, again.replayed) == (first.error, True)
    assert other.error is not None
    assert (other.error.code, other.replayed) == ("conflict", False)
    assert await standing(worker, account) == (0, 500, 0, 1)


async def test_an_unrecovered_refund_is_in_the_audit(worker: Worker, account: str) -> None:
    await bought(worker, account)

    await worker.obey([record(refunded(1, 2_000, account, forced=True))])

    (fact,) = worker.recorder.messages(CreditsRevoked)
    (audit,) = worker.recorder.messages(AuditRecorded)
    assert (fact.revoked, fact.unrecovered) == (500, 1_500)
    assert audit.after is not None
    assert (audit.after["unrecovered"], audit.actor.kind) == (1_500, "service")
    query = "SELECT audit_id::text, object_id FROM audit WHERE account_id = $1"
    row = await worker.service.database.pool_for(None).fetchrow(query, account)
    assert row is not None
    assert tuple(row) == (audit.audit_id, making.uuid(1))


async def test_an_adjustment_is_written_with_its_author_and_its_reason(
    worker: Worker, account: str
) -> None:
    await bought(worker, account)
    await worker.obey([by("developer", adjustment(1, -70, account, bucket="purchased"))])
    await worker.obey([by("developer", adjustment(1, -70, account, bucket="purchased"), "bob")])

    first, again = worker.recorder.messages(AdjustmentReplied)
    (audit,) = worker.recorder.messages(AuditRecorded)
    query = (
        "SELECT transaction_id::text, purchased_delta, actor, metadata::text FROM ledger "
        "WHERE account_id = $1 AND type = 'adjustment'"
    )
    row = await worker.service.database.pool_for(None).fetchrow(query, account)
    assert row is not None
    assert first.data is not None
    assert (again.data, again.replayed) == (first.data, True)
    assert tuple(row)[:3] == (first.data.transaction.transaction_id, -70, "eve")
    assert msgspec.json.decode(row[3]) == first.data.transaction.metadata
    assert (audit.actor.user_id, audit.correlation_id) == ("eve", "ticket-7")
    assert await standing(worker, account) == (0, 430, 0, 2)


@pytest.mark.parametrize("role", ["owner", "admin", "editor", "viewer", "system_bot", None])
async def test_only_a_developer_adjusts_and_a_no_burns_no_id(
    worker: Worker, account: str, role: Role | None
) -> None:
    await bought(worker, account)
    command = adjustment(1, 70, account)

    await worker.obey([by(role, command) if role else record(command)])
    (reply,) = worker.recorder.messages(AdjustmentReplied)
    assert reply.error is not None
    assert (reply.error.code, reply.error.roles) == ("forbidden", ["developer"])
    assert await standing(worker, account) == (0, 500, 0, 1)

    await worker.obey([by("developer", command)])
    assert await standing(worker, account) == (70, 500, 0, 2)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'frozen'",
        "state = 'released'",
        "revoke_seq = 7",
        "from_plan = 501",
        "revoke_seq = NULL",
        "reversed_at = now()",
        "state = 'lost'",
    ],
)
async def test_the_database_itself_keeps_what_was_taken(
    worker: Worker, account: str, change: str
) -> None:
    await bought(worker, account)
    await worker.obey([record(refunded(1, 500, account))])

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await worker.service.database.pool_for(None).execute(
            f"UPDATE clawbacks SET {change} WHERE account_id = $1", account
        )
