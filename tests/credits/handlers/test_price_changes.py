"""Prices that change while others decide: on real PostgreSQL, with two workers at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.credits.partitions import make_partitions
from shared.actor import Actor, Verifier, sign
from shared.contracts.credits import (
    CostConfigUpdated,
    CostConfigUpdateReplied,
    CreditsCommitted,
    ModelPriceUpdated,
)
from shared.contracts.message import Message, encode
from shared.contracts.operating import AuditRecorded
from shared.contracts.types import Role
from shared.kafka import Record
from shared.lanes import partition_of
from tests.credits.handlers.worker import Worker, working
from tests.credits.rules.pricing import config_update, model_update
from tests.databases import own_database
from tests.making import (
    NOW_MILLISECONDS,
    PARTITIONS,
    completed,
    paid,
    raw_record,
    record,
    requested,
    uuid,
)
from tests.mortal import Death, Fate, MortalRecorder, mortal
from tests.recorder import Recorder

KEY = Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})
LEAST_CALLS = 8  # Of a batch that changes a price: fewer would mean that nobody died in it.
PRICE_VERSION = "SELECT price_version FROM cost_configs WHERE operation_type = $1"
AUDITS = "SELECT count(*) FROM audit WHERE object_id = $1"
VERSIONS = """
    SELECT price_version FROM cost_configs WHERE price_version > 1
    UNION ALL SELECT price_version FROM model_prices WHERE price_version > 1
    ORDER BY price_version
"""


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Books whose prices nobody else changes."""
    with own_database(home, environment, "credits", "prices") as url:
        yield url


@pytest.fixture
async def worker(url: str) -> AsyncIterator[Worker]:
    async with working(url, verifier=VERIFIER) as worker:
        await make_partitions(worker.service)
        yield worker


def by(role: Role, message: Message, account: str | None = None, **where: int) -> Record:
    """A command under its code, with the token of whoever sends it."""
    actor = Actor(sub="dora", role=role, exp=NOW_MILLISECONDS // 1000 + 60, account_id=account)
    headers = {"actor": sign(actor, KEY), "correlation_id": b"ticket-7"}
    key = message.subject.encode()
    return raw_record(message.topic, encode(message), key, headers, **where)


async def test_a_model_that_makes_room_as_the_default_is_announced_under_its_own_code(
    worker: Worker,
) -> None:
    await worker.obey([by("developer", model_update("gpt-4o-mini", is_default=True))])

    before, now = (fact.model for fact in worker.recorder.messages(ModelPriceUpdated))
    assert now == "gpt-4o-mini" != before
    homes = [(code.encode(), partition_of(code.encode(), PARTITIONS)) for code in (before, now)]
    for topic in (ModelPriceUpdated.topic, AuditRecorded.topic):
        assert [(one.key, one.partition) for one in worker.recorder.of(topic)] == homes


async def test_a_change_is_kept_announced_under_its_code_and_audited(worker: Worker) -> None:
    await worker.obey([by("developer", config_update(tokens_per_credit=80), partition=3)])

    sent = worker.recorder.of(CostConfigUpdated.topic, AuditRecorded.topic)
    home = partition_of(b"content_generation", PARTITIONS)
    assert [(one.key, one.partition) for one in sent] == [(b"content_generation", home)] * 2
    (reply,) = worker.recorder.messages(CostConfigUpdateReplied)
    (fact,) = worker.recorder.messages(CostConfigUpdated)
    (audit,) = worker.recorder.messages(AuditRecorded)
    assert reply.data is not None
    assert (reply.data.price_version, fact.price_version, fact.updated_by) == (2, 2, "dora")
    pool = worker.service.database.pool_for(None)
    (row,) = await pool.fetch("SELECT * FROM audit")
    assert str(row["audit_id"]) == audit.audit_id
    assert (row["user_id"], row["role"], row["correlation_id"]) == ("dora", "developer", "ticket-7")
    assert await pool.fetchval("SELECT tableoid::regclass::text FROM audit") != "audit_other"


async def test_what_is_held_keeps_its_price_also_for_a_worker_that_comes_later(
    worker: Worker, url: str
) -> None:
    await worker.obey([record(paid(1_000)), record(requested(1))])
    await worker.obey([by("developer", config_update(tokens_per_credit=80)), record(requested(2))])

    async with working(url) as successor:
        await successor.obey([record(completed(1)), record(completed(2))])

    charges = successor.recorder.messages(CreditsCommitted)
    assert [fact.charged for fact in charges] == [47, 59]


async def test_in_one_poll_each_decision_has_the_price_of_its_moment(worker: Worker) -> None:
    await worker.obey([record(paid(1_000)), record(requested(1))])
    change = by("developer", config_update(tokens_per_credit=80))
    await worker.obey([record(completed(9)), change, record(completed(1)), record(completed(2))])

    charges = worker.recorder.messages(CreditsCommitted)
    assert [fact.charged for fact in charges] == [47, 47, 59]


async def test_two_workers_that_change_prices_at_once_share_no_version_and_leave_no_gap(
    worker: Worker, url: str
) -> None:
    """Each changes rows of its own, while the other's transactions are under way."""
    async with working(url, verifier=VERIFIER) as other:
        for expected in range(1, 11):
            await asyncio.gather(
                worker.obey(
                    [
                        by("developer", config_update("clustering", expected), partition=0),
                        by("developer", config_update("optimization", expected), partition=0),
                    ]
                ),
                other.obey([by("developer", model_update(expected=expected), partition=1)]),
            )
    configs = worker.recorder.messages(CostConfigUpdated)
    models = other.recorder.messages(ModelPriceUpdated)
    announced = [*(x.price_version for x in configs), *(x.price_version for x in models)]
    pool = worker.service.database.pool_for(None)
    versions = [row["price_version"] for row in await pool.fetch(VERSIONS)]
    assert versions == list(range(2, 32))
    assert sorted(announced) == versions


async def test_of_two_who_change_one_price_at_once_one_is_told_of_the_other(
    worker: Worker, url: str
) -> None:
    async with working(url, verifier=VERIFIER) as other:
        await asyncio.gather(
            worker.obey([by("developer", config_update(tokens_per_credit=80), partition=0)]),
            other.obey([by("developer", config_update(tokens_per_credit=70), partition=1)]),
        )
    replies = [
        *worker.recorder.messages(CostConfigUpdateReplied),
        *other.recorder.messages(CostConfigUpdateReplied),
    ]
    assert sorted(reply.status for reply in replies) == ["error", "ok"]
    errors = [reply.error for reply in replies if reply.error is not None]
    assert [(error.code, error.version) for error in errors] == [("conflict", 2)]


async def test_whoever_decides_meanwhile_never_sees_half_of_the_changes(
    worker: Worker, url: str
) -> None:
    """A list that has a change has all before it, too: holds and charges agree to the credit."""
    numbers = range(100, 200)
    async with working(url) as other:
        await other.obey([record(paid(100_000))])

        async def change() -> None:
            for expected in range(1, 21):
                per_credit = 100 + expected
                config = config_update(expected=expected, tokens_per_credit=per_credit)
                model = model_update("gpt-5.1", expected, credit_multiplier=f"1.{expected:03d}")
                await worker.obey([by("developer", config), by("developer", model)])

        async def work() -> None:
            for number in numbers:
                await other.obey([record(requested(number))])

        await asyncio.gather(change(), work())
    pool = worker.service.database.pool_for(None)
    held = await pool.fetch("SELECT price_version, estimated FROM reservations")
    assert len({version for version, _ in held}) > 1
    for version, estimated in held:
        configs, models = version // 2, (version - 1) // 2
        tokens = 5_000 * (1_000 + models)
        assert estimated == -(-tokens // ((100 + configs) * 1_000))


@pytest.mark.parametrize("role", ["owner", "admin", "editor", "viewer", "system_bot"])
async def test_prices_are_a_developers(worker: Worker, role: Role) -> None:
    await worker.obey([by(role, config_update(tokens_per_credit=80), account=uuid(1))])

    (reply,) = worker.recorder.messages(CostConfigUpdateReplied)
    assert reply.error is not None
    assert (reply.error.code, reply.error.roles) == ("forbidden", ["developer"])
    assert worker.recorder.messages(AuditRecorded) == []


async def test_nobody_alters_the_record(worker: Worker) -> None:
    await worker.obey([by("developer", config_update(tokens_per_credit=80))])
    pool = worker.service.database.pool_for(None)
    for statement in ("UPDATE audit SET user_id = 'eve'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def dies(url: str, change: Record, fate: Fate, log: Recorder) -> bool:
    """Whether a worker dies while it changes a price."""
    recorder = MortalRecorder(fate, log)
    try:
        async with working(url, recorder, mortal(fate), verifier=VERIFIER) as worker:
            await worker.obey([change])
    except Death:
        return True
    return fate.is_dead


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_death_at_any_await_changes_a_price_once_and_tells_of_it(
    worker: Worker,
    url: str,
    is_after: bool,  # noqa: FBT001 - pytest's way to name a case.
) -> None:
    pool = worker.service.database.pool_for(None)
    for at in count():
        code, log = f"article-{at}", Recorder()
        change = by("developer", config_update(code, 0), partition=at % PARTITIONS)
        is_dead = await dies(url, change, Fate(at, is_after), log)
        async with working(url, log, verifier=VERIFIER) as successor:
            await successor.recover()
            await successor.obey([change])
            await successor.recover()
        assert await pool.fetchval(PRICE_VERSION, code) == at + 2
        assert await pool.fetchval(AUDITS, code) == 1
        told = log.of(CostConfigUpdated.topic, AuditRecorded.topic, CostConfigUpdateReplied.topic)
        assert len({(one.topic, one.header("ce_id")) for one in told}) == 3, f"died at call {at}"
        if not is_dead:
            assert at > LEAST_CALLS
            break
