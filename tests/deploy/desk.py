"""A desk where the books are broken and looked at, and the words for what is found there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.examination import Report, examine
from deploy.local.environment import KAFKA
from deploy.verify import actor_keys
from services.credits.verify import INVARIANTS
from shared import retained
from shared.contracts.credits import BalanceChanged, CreditsGranted
from shared.contracts.message import Message
from shared.contracts.moments import in_milliseconds
from shared.postgres import Transaction
from shared.retained import Retained
from shared.verifying import BUSY, Keys, Tolerance, taken
from tests.deploy.traffic import Stack
from tests.making import ANN, uuid

MAY_WRITE = "GRANT UPDATE, DELETE ON ledger, usage TO CURRENT_USER"
HELD = f"subject_id = '{uuid(30)}'"  # Ann's, and open.
CHANGE = "UPDATE accounts SET plan_bucket = plan_bucket + $2 WHERE account_id = $1"
GRANT = """
    WITH granted AS (
        UPDATE accounts SET purchased_bucket = purchased_bucket + 7, seq = seq + 1,
                            version = version + 1
        WHERE account_id = $1 RETURNING *
    ), moment AS (
        SELECT date_trunc('milliseconds', clock_timestamp()) AS at
    ), line AS (
        INSERT INTO grants (lane, account_id, invoice_id, line, kind, code, bucket, asked, credits,
                            seq, granted_at)
        SELECT lane, account_id, $2, 1, 'credit_package', 'starter', 'purchased', 7, 7, seq, at
        FROM granted, moment
    ), entry AS (
        INSERT INTO ledger (lane, account_id, seq, created_at, transaction_id, type, plan_delta,
                            purchased_delta, balance_after, reference_type, reference_id,
                            description)
        SELECT lane, account_id, seq, at, $2, 'purchase', 0, 7, plan_bucket + purchased_bucket,
               'invoice_line', $2::text || ':1', ''
        FROM granted, moment
    )
    SELECT * FROM granted, moment
"""


@dataclass
class Desk:
    """One transaction on the books, in which they are broken and looked at; nothing of it stays."""

    tx: Transaction
    topics: Retained
    keys: Keys

    async def finds(self, tolerance: Tolerance = BUSY) -> Report:
        report = Report()
        snapshot = await taken(self.tx, self.topics, INVARIANTS.topics, tolerance, keys=self.keys)
        await examine(report, "credits", snapshot)
        return report


@asynccontextmanager
async def opened(books: Stack) -> AsyncIterator[Desk]:
    """Have a desk while the block runs."""
    environment = books.environment
    async with (
        retained.opened(environment[KAFKA]) as topics,
        asyncpg.create_pool(environment["CREDITS_DATABASE_URL"], min_size=1) as pool,
        pool.acquire() as connection,
    ):
        transaction = connection.transaction(isolation="repeatable_read")
        await transaction.start()
        await connection.execute(MAY_WRITE)
        yield Desk(connection, topics, actor_keys(environment["ACTOR_PUBLIC_KEY_FILE"]))
        await transaction.rollback()


def broken(report: Report) -> set[tuple[str, str]]:
    """Each invariant that is broken, with what is said about it."""
    return {
        (invariant.id, violation.what)
        for invariant in report.invariants
        for violation in invariant.finding.violations
    }


def whose(report: Report, what: str) -> set[str | None]:
    violations = [one for invariant in report.invariants for one in invariant.finding.violations]
    return {violation.account_id for violation in violations if violation.what == what}


async def grant_in_silence(tx: Transaction, account_id: str) -> list[Message]:
    """Grant seven credits as the service does, and tell nobody: what should have been told."""
    row = await tx.fetchrow(GRANT, account_id, uuid(77))
    assert row is not None
    balance, at = row["plan_bucket"] + row["purchased_bucket"], in_milliseconds(row["at"])
    available = balance - row["held"]
    granted = CreditsGranted(
        account_id=account_id,
        seq=row["seq"],
        version=row["version"],
        balance_after=balance,
        available_after=available,
        at=at,
        transaction_id=uuid(77),
        invoice_id=uuid(77),
        line=1,
        kind="credit_package",
        code="starter",
        granted=7,
        bucket="purchased",
        reason="paid",
    )
    state = BalanceChanged(
        account_id=account_id,
        balance=balance,
        held=row["held"],
        available=available,
        plan_bucket=row["plan_bucket"],
        purchased_bucket=row["purchased_bucket"],
        plan_code="free",
        plan_credits_per_month=0,
        used_this_month=0,
        window=row["month"],
        status="active",
        seq=row["seq"],
        version=row["version"],
        at=at,
    )
    return [granted, state]


@asynccontextmanager
async def by_one_credit(books: Stack) -> AsyncIterator[None]:
    """Have one credit too many in the books while the block runs."""
    connection = await asyncpg.connect(books.environment["CREDITS_DATABASE_URL"])
    await connection.execute(CHANGE, ANN, 1)
    try:
        yield
    finally:
        await connection.execute(CHANGE, ANN, -1)
        await connection.close()
