"""A past to ask about: a million operations that were charged, written as credits would have.

Prices are those of the service's own lists and every row has its cause, so that all invariants of
the rows hold; only Kafka never told of it. A tenth of the operations are one account's.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from deploy.bench.load import FEWEST_TOKENS_OUTPUT, MOST_TOKENS_OUTPUT, TOKENS_INPUT
from deploy.bench.rig import Rig
from deploy.bench.subjects import BALANCE_CREDITS, CREDITS, CREDITS_A_MONTH, PLAN
from deploy.books import one_connection
from deploy.errors import OperatorError
from deploy.local import environment
from deploy.local.environment import database_variable
from services.credits import days, store
from services.credits.prices import USD_UNITS, PriceList
from services.credits.verify import again, authors, balances, holds, operations, payments, usage
from services.credits.verify import days as closed
from shared import retained, verifying
from shared.lanes import lane_of
from shared.months import months_from, partition
from shared.postgres import SESSION

DAYS = 90
KINDS = 400  # Of work: a type of operation, a model and how much it took.
SITES = 4  # Of each account.
REQUEST = b'{"hold_ttl_s":900,"source":"manual","user_id":"user-1"}'  # What is still needed of it.
PARTITIONED = ("ledger", "usage")
BY_ROWS = (balances, closed, holds, usage, operations, payments, authors, again)

OWNERS = "CREATE TEMP TABLE owner (number int, lane smallint, account_id uuid, invoice_id uuid)"
SHAPES = """
    CREATE TEMP TABLE shape (number int, operation_type text, label text, model text, provider text,
                             tokens_output int, credits bigint, cost numeric, version int)
"""
# Whose an operation is and what it took is spread evenly by fractions of two irrational numbers:
# like chance, but the same in every run. The cube makes few accounts busy.
PAST = """
    CREATE TEMP TABLE past AS
    SELECT *, 1 + row_number() OVER earlier AS seq, sum(credits) OVER earlier AS spent,
           (ids || '7000' || tail)::uuid AS operation_id, (ids || '7001' || tail)::uuid AS usage_id
    FROM (
        SELECT n, owner.lane, owner.account_id, shape.*, at,
               lpad(to_hex((1000 * date_part('epoch', at))::bigint), 12, '0') AS ids,
               lpad(to_hex(n), 16, '8000000000000000') AS tail,
               md5(owner.account_id::text || n % $5)::uuid AS site_id
        FROM (
            SELECT n, $1::timestamptz + n * ($2::interval / ($3::int + 1)) AS at,
                   floor($4::int * power(n * 0.6180339887498949 % 1, 3))::int AS owned,
                   floor($6::int * (n * 0.4142135623730951 % 1))::int AS shaped
            FROM generate_series(1, $3::int) AS n
        ) AS moment
        JOIN owner ON owner.number = owned JOIN shape ON shape.number = shaped
    ) AS operation
    WINDOW earlier AS (PARTITION BY lane, account_id ORDER BY n)
"""
ACCOUNTS = """
    INSERT INTO accounts
        (lane, account_id, plan_bucket, purchased_bucket, held, seq, version, used, month)
    SELECT lane, account_id, $1 - coalesce(sum(credits), 0), 0, 0, 1 + count(past.n), 0,
           coalesce(sum(credits) FILTER (WHERE at >= date_trunc('month', now(), 'UTC')), 0),
           to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')
    FROM owner LEFT JOIN past USING (lane, account_id) GROUP BY lane, account_id
"""
STANDINGS = """
    INSERT INTO standings (lane, account_id, status, status_reason, status_version, plan_code,
                           subscription_version, granted_per_month)
    SELECT lane, account_id, 'active', '', 0, $1, 0, $2 FROM owner
"""
GRANTS = """
    INSERT INTO grants (lane, account_id, invoice_id, line, kind, code, bucket, asked, credits, seq,
                        granted_at)
    SELECT lane, account_id, invoice_id, 1, 'subscription', $2, 'plan', $1, $1, 1, $3 FROM owner
"""
GRANTED = """
    INSERT INTO ledger (lane, account_id, seq, created_at, transaction_id, type, plan_delta,
                        purchased_delta, balance_after, reference_type, reference_id, description)
    SELECT lane, account_id, 1, $2, invoice_id, 'subscription', $1, 0, $1, 'invoice_line',
           invoice_id || ':1', 'Scale'
    FROM owner
"""
RESERVED = """
    INSERT INTO reservations
        (lane, subject_id, account_id, kind, reservation_id, created_at, expires_at, state,
         available_after, operation_type, model, price_version, estimated, held, charged, shortfall,
         charge_seq, closed_at, close_reason, requested_at, answered_late, request)
    SELECT lane, operation_id, account_id, 'operation', usage_id, at - interval '5 s',
           at + interval '15 min', 'committed', $1 - spent, operation_type, model, version, credits,
           credits, credits, 0, seq, at, 'completed', at - interval '5 s', false, $2
    FROM past ORDER BY lane, n
"""
DEDUCTED = """
    INSERT INTO ledger (lane, account_id, seq, created_at, transaction_id, type, plan_delta,
                        purchased_delta, balance_after, reference_type, reference_id, description)
    SELECT lane, account_id, seq, at, usage_id, 'deduction', -credits, 0, $1 - spent, 'operation',
           operation_id::text, label
    FROM past ORDER BY lane, account_id, n
"""
USED = """
    INSERT INTO usage (lane, account_id, created_at, usage_id, operation_id, operation_type, label,
                       credits_used, cost_usd, provider, model_used, tokens_input, tokens_output,
                       items_created, source, site_id, user_id, status, estimated_tokens, shortfall,
                       price_version, response_time_ms)
    SELECT lane, account_id, at, usage_id, operation_id, operation_type, label, credits, cost,
           provider, model, $1, tokens_output, 0,
           CASE n % 3 WHEN 0 THEN 'automation' ELSE 'manual' END, site_id, 'user-1', 'success',
           false, 0, version, 1800
    FROM past ORDER BY lane, account_id, n
"""
SUMMED = """
    INSERT INTO hourly_usage
        (lane, account_id, hour, site_id, operation_type, model, provider, source, status, actions,
         credits, shortfall, cost_usd, tokens_input, tokens_output, items, response_ms, responses)
    SELECT lane, account_id, date_trunc('hour', created_at, 'UTC'), site_id, operation_type,
           model_used, provider, source, status, count(*), sum(credits_used), 0, sum(cost_usd),
           sum(tokens_input), sum(tokens_output), 0, sum(response_time_ms), count(*)
    FROM usage GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
SOME_OPERATIONS = """
    SELECT account_id::text, operation_id::text FROM past
    ORDER BY n * 0.7548776662466927 % 1 LIMIT $1
"""
FILLED = (
    "accounts",
    "standings",
    "grants",
    "ledger",
    "reservations",
    "usage",
    "hourly_usage",
    "daily_usage",
    "daily_totals",
    "daily_ledger",
)


class Charged(NamedTuple):
    """An operation of the past, and whose it was."""

    account_id: str
    operation_id: str


@asynccontextmanager
async def written(
    rig: Rig, accounts: Sequence[str], count: int, wanted: int
) -> AsyncIterator[Sequence[Charged]]:
    """Have so many operations of these rich accounts alone; give some of them, drawn evenly."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    months = [month for month in pairwise(months_from(since, 4)) if month[1] <= datetime.now(UTC)]
    names = [(table, start, end) for table in PARTITIONED for start, end in months]
    for table, start, end in names:
        await rig.database.execute(partition(table, f"{table}_{start:%Y_%m}", start, end))
    try:
        await write(rig, accounts, since, count)
        rows = await rig.database.fetch(SOME_OPERATIONS, wanted)
        await rig.database.execute("DROP TABLE owner, shape, past")
        yield [Charged(*row) for row in rows]
    finally:
        for table, start, _ in names:
            await rig.database.execute(f"DROP TABLE {table}_{start:%Y_%m}")


async def write(rig: Rig, accounts: Sequence[str], since: datetime, count: int) -> None:
    """Empty all tables, and fill them with what these accounts did from a moment until now."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    database = rig.database
    await database.execute(f"TRUNCATE {CREDITS.emptied}")
    await describe(rig, accounts)
    moments = since, datetime.now(UTC) - since
    await database.execute(PAST, *moments, count, len(accounts), SITES, KINDS)
    for filling, arguments in (
        (ACCOUNTS, (BALANCE_CREDITS,)),
        (STANDINGS, (PLAN, CREDITS_A_MONTH)),
        (GRANTS, (BALANCE_CREDITS, PLAN, since)),
        (GRANTED, (BALANCE_CREDITS, since)),
        (RESERVED, (BALANCE_CREDITS, REQUEST)),
        (DEDUCTED, (BALANCE_CREDITS,)),
        (USED, (TOKENS_INPUT,)),
        (SUMMED, ()),
    ):
        await database.execute(filling, *arguments)
    await close_days(rig)
    await database.execute(f"VACUUM ANALYZE {', '.join(FILLED)}")
    await database.execute("CHECKPOINT")


async def close_days(rig: Rig) -> None:
    """Sum up what is over, as a worker does it within minutes."""
    async with one_connection(rig.environment[database_variable(CREDITS.name)], SESSION) as pool:
        while await days.close_next(pool, datetime.now(UTC)):
            continue


async def describe(rig: Rig, accounts: Sequence[str]) -> None:
    """Name whose operations there are, and of which kinds, with what each costs."""
    async with verifying.one_moment(rig.environment[database_variable(CREDITS.name)]) as tx:
        prices = (await store.catalogue.read(tx, 0)).prices.latest
    await rig.database.execute(OWNERS)
    await rig.database.execute(SHAPES)
    await rig.database.copy_records_to_table(
        "owner",
        records=(
            (number, lane_of(account), account, str(uuid5(NAMESPACE_URL, account)))
            for number, account in enumerate(accounts)
        ),
    )
    await rig.database.copy_records_to_table("shape", records=shapes(prices))


def shapes(prices: PriceList) -> Iterator[tuple[object, ...]]:
    """Every text that the price list knows by every model, long and short ones."""
    configs = [config for config in prices.configs.values() if config.mode == "tokens"]
    models = [model for model in prices.models.values() if model.kind == "text"]
    works = list(product(configs, models))
    for number in range(KINDS):
        config, model = works[number % len(works)]
        tokens = (
            FEWEST_TOKENS_OUTPUT + number * (MOST_TOKENS_OUTPUT - FEWEST_TOKENS_OUTPUT) // KINDS
        )
        credits = config.by_tokens(TOKENS_INPUT + tokens, model)
        cost = Decimal(model.usd(TOKENS_INPUT, tokens, 0, 0)) / USD_UNITS
        named = config.operation_type, config.display_name, model.name, model.provider
        yield number, *named, tokens, credits, cost, prices.version


async def check(rig: Rig) -> None:
    """All invariants that can be computed from the rows alone, as `igny8 verify` does it."""
    servers = rig.environment[environment.KAFKA]
    async with (
        verifying.one_moment(rig.environment[database_variable(CREDITS.name)]) as tx,
        retained.opened(servers) as topics,
    ):
        snapshot = await verifying.taken(tx, topics, ())
        for one in (one for module in BY_ROWS for one in module.CHECKS):
            for invariant, finding in (await one.find(snapshot)).items():
                for violation in finding.violations:
                    raise OperatorError(f"{invariant}: {violation.what}: {violation.numbers}")
