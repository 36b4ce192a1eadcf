"""Accounts: locked before everything else; whatever is counted of them comes with them."""

from collections.abc import Collection, Sequence

from services.limits.book import NO_WINDOW, Account, Book, Counter, Mark, Override
from services.limits.domain import Cause, HoldDue, PlanDue, WindowDue
from shared.accounts import lock_accounts
from shared.contracts.limits import HoldReleased, HoldRequested
from shared.contracts.moments import window_of
from shared.keys import find, save_rows
from shared.mirror import SEED_PLANS
from shared.postgres import Transaction, read_clock

ACCOUNT = (
    "lane",
    "account_id",
    "version",
    "window",
    "plan_code",
    "plan_version",
    "subscription_version",
    "status",
    "status_reason",
    "status_since",
    "status_version",
    "is_opened",
    "name",
)
OVERRIDE = ("lane", "account_id", "limit_type", "limit", "is_set", "reason", "version")
COUNTER = (
    "lane",
    "account_id",
    "limit_type",
    "window",
    "used",
    "held",
    "over_by",
    "over_since",
)
VERSION, COUNT = ACCOUNT[:3], COUNTER[:6]
MARK = ("lane", "account_id", "limit_type", "month", "limit", "threshold")

# They use nothing up, so that no mark can be reached by them.
ONLY_HOLDING: frozenset[type[Cause]] = frozenset((HoldRequested, HoldReleased, HoldDue))

FIND = """
    SELECT a.lane, a.account_id::text, version, month, plan_code, plan_version,
           subscription_version, status, status_reason, status_since, status_version, is_opened,
           name, is_overridden
    FROM accounts a
    JOIN unnest($1::smallint[], $2::uuid[]) AS wanted (lane, account_id) USING (lane, account_id)
"""
LOCK = f"{FIND} ORDER BY lane, account_id FOR NO KEY UPDATE OF a"
OPEN = """
    INSERT INTO accounts (lane, account_id, version, month, plan_code, plan_version,
                          subscription_version, status, status_reason, status_version, is_opened)
    SELECT lane, account_id, 0, '', 'free', 0, 0, 'active', '', 0, false
    FROM unnest($1::smallint[], $2::uuid[]) AS new (lane, account_id) ORDER BY lane, account_id
    ON CONFLICT DO NOTHING
"""
# Key by key through the index, however large a table is.
FIND_OVERRIDES = """
    SELECT lane, account_id::text, limit_type, allowed, is_set, reason, version
    FROM unnest($1::smallint[], $2::uuid[]) AS wanted (its_lane, its_account)
    CROSS JOIN LATERAL (
        SELECT * FROM overrides WHERE lane = its_lane AND account_id = its_account OFFSET 0
    ) AS found
"""
FIND_COUNTERS = """
    SELECT lane, account_id::text, limit_type, month, used, held, over_by, over_since
    FROM unnest($1::smallint[], $2::uuid[]) AS wanted (its_lane, its_account)
    CROSS JOIN LATERAL (
        SELECT * FROM counters
        WHERE lane = its_lane AND account_id = its_account AND month = ANY($3::text[]) OFFSET 0
    ) AS found
"""
FIND_MARKS = """
    SELECT lane, account_id::text, limit_type, month, allowed, threshold
    FROM unnest($1::smallint[], $2::uuid[]) AS wanted (its_lane, its_account)
    CROSS JOIN LATERAL (
        SELECT * FROM threshold_marks
        WHERE lane = its_lane AND account_id = its_account AND month = ANY($3::text[]) OFFSET 0
    ) AS found
"""
# Both look across the lanes of this worker's partitions, by indexes of their own.
FIND_WINDOWS_DUE = """
    SELECT account_id::text FROM accounts
    WHERE month > '' AND month < $4 AND lane % $2::int = ANY($1::int[])
    ORDER BY month LIMIT $3
"""
# A plan that nobody has announced is known as well: an account that was mended follows it anew.
FIND_PLANS_DUE = """
    SELECT account_id::text, known.plan_code, known.version
    FROM (
        SELECT plan_code, version FROM plans
        UNION ALL
        SELECT code, 0 FROM unnest($4::text[]) AS code
        WHERE NOT EXISTS (SELECT FROM plans WHERE plan_code = code)
    ) AS known
    CROSS JOIN LATERAL (
        SELECT account_id FROM accounts
        WHERE accounts.plan_code = known.plan_code AND accounts.plan_version < known.version
          AND month > '' AND lane % $2::int = ANY($1::int[]) LIMIT $3
    ) AS found LIMIT $3
"""

SAVE = """
    UPDATE accounts SET version = new.version, month = new.month, plan_code = new.plan_code,
                        plan_version = new.plan_version,
                        subscription_version = new.subscription_version, status = new.status,
                        status_reason = new.status_reason, status_since = new.status_since,
                        status_version = new.status_version, is_opened = new.is_opened,
                        name = new.name
    FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bigint[],
                $7::bigint[], $8::text[], $9::text[], $10::timestamptz[], $11::bigint[],
                $12::boolean[], $13::text[])
         AS new (lane, account_id, version, month, plan_code, plan_version, subscription_version,
                 status, status_reason, status_since, status_version, is_opened, name)
    WHERE accounts.lane = new.lane AND accounts.account_id = new.account_id
"""
# What every count changes of it, and mostly nothing else.
SAVE_VERSIONS = """
    UPDATE accounts SET version = new.version
    FROM unnest($1::smallint[], $2::uuid[], $3::bigint[]) AS new (lane, account_id, version)
    WHERE accounts.lane = new.lane AND accounts.account_id = new.account_id
"""
SAVE_OVERRIDES = """
    INSERT INTO overrides (lane, account_id, limit_type, allowed, is_set, reason, version)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::bigint[], $5::boolean[],
                         $6::text[], $7::bigint[])
    ON CONFLICT (lane, account_id, limit_type) DO UPDATE
    SET allowed = excluded.allowed, is_set = excluded.is_set, reason = excluded.reason,
        version = excluded.version
"""
SAVE_COUNTERS = """
    INSERT INTO counters (lane, account_id, limit_type, month, used, held, over_by, over_since)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[],
                         $6::bigint[], $7::bigint[], $8::timestamptz[])
    ON CONFLICT (lane, account_id, month, limit_type) DO UPDATE
    SET used = excluded.used, held = excluded.held, over_by = excluded.over_by,
        over_since = excluded.over_since
"""
SAVE_COUNTS = """
    UPDATE counters SET used = new.used, held = new.held
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
         AS new (lane, account_id, limit_type, month, used, held)
    WHERE counters.lane = new.lane AND counters.account_id = new.account_id
      AND counters.month = new.month AND counters.limit_type = new.limit_type
"""
SAVE_MARKS = """
    INSERT INTO threshold_marks (lane, account_id, limit_type, month, allowed, threshold)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[],
                         $6::smallint[])
    ON CONFLICT (lane, account_id, month, limit_type, allowed) DO UPDATE
    SET threshold = excluded.threshold
"""


async def lock(tx: Transaction, causes: Sequence[Cause]) -> dict[str, Account]:
    """Lock every account of the batch in key order; open those that are new to us."""
    rows = await lock_accounts(tx, causes, LOCK, OPEN)
    accounts = {row[1]: Account(*row) for row in rows}
    for account in accounts.values():
        account.first_version = account.version
    return accounts


async def load(tx: Transaction, book: Book) -> None:
    """Read what is counted: the months of accounts, of the batch, and of the holds in the book."""
    accounts = book.accounts.values()
    keys = [(account.lane, account.account_id) for account in accounts]
    overridden = [(a.lane, a.account_id) for a in accounts if a.is_overridden]
    for row in await find(tx, FIND_OVERRIDES, overridden):
        override = Override(*row)
        book.accounts[override.account_id].overrides[override.limit_type] = override
    months = {NO_WINDOW, book.window} | {account.window for account in accounts}
    months |= {hold.window for hold in book.holds.values()}
    for row in await find(tx, FIND_COUNTERS, keys, list(months)):
        counter = Counter(*row)
        key = counter.limit_type, counter.window
        book.accounts[counter.account_id].counters[key] = counter


async def load_marks(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read what was told this month of the accounts of which something may be used up."""
    using = {cause.account_id for cause in causes if type(cause) not in ONLY_HOLDING}
    accounts = [account for account in book.accounts.values() if account.account_id in using]
    keys = [(account.lane, account.account_id) for account in accounts]
    months = {book.window} | {account.window for account in accounts}
    for row in await find(tx, FIND_MARKS, keys, list(months)):
        mark = Mark(*row)
        book.marks[mark.account_id, mark.limit_type, mark.month, mark.limit] = mark


async def windows_due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[WindowDue]:
    """The accounts whose month is over."""
    now = window_of(await read_clock(tx, offset_seconds))
    rows = await tx.fetch(FIND_WINDOWS_DUE, list(partitions), of, limit, now)
    return [WindowDue(row[0], now) for row in rows]


async def plans_due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int
) -> list[PlanDue]:
    """The accounts that have not followed the latest version of their plan."""
    rows = await tx.fetch(FIND_PLANS_DUE, list(partitions), of, limit, list(SEED_PLANS))
    return [PlanDue(*row) for row in rows]


async def save(tx: Transaction, book: Book) -> None:
    """Write what changed, each table with one statement."""
    accounts = book.accounts.values()
    await save_rows(tx, SAVE, ACCOUNT, [a for a in accounts if a.is_changed])
    counted = [a for a in accounts if a.version != a.first_version and not a.is_changed]
    await save_rows(tx, SAVE_VERSIONS, VERSION, counted)
    overrides = [x for a in accounts for x in a.overrides.values() if x.is_changed]
    await save_rows(tx, SAVE_OVERRIDES, OVERRIDE, overrides)
    counters = [x for a in accounts for x in a.counters.values() if x.is_counted or x.is_changed]
    whole = [x for x in counters if x.is_new or x.is_changed]
    await save_rows(tx, SAVE_COUNTERS, COUNTER, whole)
    known = [x for x in counters if not (x.is_new or x.is_changed)]
    await save_rows(tx, SAVE_COUNTS, COUNT, known)
    await save_rows(tx, SAVE_MARKS, MARK, [x for x in book.marks.values() if x.is_changed])
