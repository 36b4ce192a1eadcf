"""The statements of `store/`, and the columns that each of them takes, in its order."""

import msgspec
from msgspec.structs import replace

from shared.contracts.catalogue import PACKAGES
from shared.contracts.credits import CostConfig, ModelPrice
from shared.contracts.invoicing import Package

read_config = msgspec.json.Decoder(CostConfig).decode
read_model = msgspec.json.Decoder(ModelPrice).decode
read_package = msgspec.json.Decoder(Package).decode

# Whatever is announced is newer than what is known from the first start on.
SEED_PACKAGES = {package.package_code: replace(package, version=0) for package in PACKAGES}

ACCOUNT = (
    "lane",
    "account_id",
    "plan_bucket",
    "purchased_bucket",
    "held",
    "seq",
    "version",
    "used",
    "window",
)
BALANCE_COLUMNS = len(ACCOUNT)
STANDING = (
    "lane",
    "account_id",
    "status",
    "status_reason",
    "status_since",
    "status_version",
    "plan_code",
    "subscription_version",
    "granted_per_month",
    "last_shortfall_at",
    "earlier_shortfall_at",
)
RESERVATION = (
    "lane",
    "subject_id",
    "account_id",
    "reservation_id",
    "created_at",
    "expires_at",
    "state",
    "available_after",
    "kind",
    "operation_type",
    "model",
    "price_version",
    "estimated",
    "held",
    "charged",
    "shortfall",
    "charge_seq",
    "closed_at",
    "close_reason",
    "requested_at",
    "answered_late",
    "request",
    "refusal",
    "run_id",
)
CLOSED_RESERVATION = (
    "lane",
    "subject_id",
    "account_id",
    "state",
    "charged",
    "shortfall",
    "charge_seq",
    "close_reason",
)
EXTENDED_RESERVATION = ("lane", "subject_id", "account_id", "expires_at")

LOCK_ACCOUNTS = """
    SELECT a.lane, a.account_id::text, plan_bucket, purchased_bucket, held, seq, version, used,
           month, status, status_reason, status_since, status_version, plan_code,
           subscription_version, granted_per_month, last_shortfall_at, earlier_shortfall_at
    FROM accounts a
    JOIN unnest($1::smallint[], $2::uuid[]) AS wanted (lane, account_id) USING (lane, account_id)
    LEFT JOIN standings s USING (lane, account_id)
    ORDER BY lane, account_id FOR NO KEY UPDATE OF a
"""
OPEN_ACCOUNTS = """
    INSERT INTO accounts (lane, account_id, plan_bucket, purchased_bucket, held, seq, version, used,
                          month)
    SELECT lane, account_id, 0, 0, 0, 0, 0, 0, ''
    FROM unnest($1::smallint[], $2::uuid[]) AS new (lane, account_id) ORDER BY lane, account_id
    ON CONFLICT DO NOTHING
"""
# Key by key through the index: left to choose, the planner reads the whole table from about 200,000
# rows on, for it cannot know that a lane and an operation name one row.
FIND_RESERVATIONS = """
    SELECT lane, subject_id::text, account_id::text, reservation_id::text, created_at, expires_at,
           state, available_after, kind, operation_type, model, price_version, estimated, held,
           charged, shortfall, charge_seq, closed_at, close_reason, requested_at, answered_late,
           request, refusal, run_id::text
    FROM unnest($1::smallint[], $2::uuid[]) AS wanted (its_lane, its_id)
    CROSS JOIN LATERAL (
        SELECT * FROM reservations
        WHERE lane = its_lane AND subject_id = its_id AND kind = 'operation' OFFSET 0
    ) AS found
"""
FIND_GRANTS = """
    SELECT account_id::text, invoice_id::text, line FROM grants
    JOIN unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS wanted (lane, account_id, invoice_id)
         USING (lane, account_id, invoice_id)
"""
# Looks across the lanes of this worker's partitions, by the index of open holds.
FIND_DUE = """
    SELECT account_id::text, subject_id::text FROM reservations
    WHERE state = 'held' AND kind = 'operation'
      AND expires_at <= clock_timestamp() + make_interval(secs => $4)
      AND lane % $2::int = ANY($1::int[])
    ORDER BY expires_at LIMIT $3
"""

SAVE_ACCOUNTS = """
    UPDATE accounts SET plan_bucket = new.plan_bucket, purchased_bucket = new.purchased_bucket,
                        held = new.held, seq = new.seq, version = new.version, used = new.used,
                        month = new.month
    FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::text[])
         AS new (lane, account_id, plan_bucket, purchased_bucket, held, seq, version, used, month)
    WHERE accounts.lane = new.lane AND accounts.account_id = new.account_id
"""
SAVE_STANDINGS = """
    INSERT INTO standings (lane, account_id, status, status_reason, status_since, status_version,
                           plan_code, subscription_version, granted_per_month, last_shortfall_at,
                           earlier_shortfall_at)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                         $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::timestamptz[],
                         $11::timestamptz[])
    ON CONFLICT (lane, account_id) DO UPDATE
    SET status = excluded.status, status_reason = excluded.status_reason,
        status_since = excluded.status_since, status_version = excluded.status_version,
        plan_code = excluded.plan_code, subscription_version = excluded.subscription_version,
        granted_per_month = excluded.granted_per_month,
        last_shortfall_at = excluded.last_shortfall_at,
        earlier_shortfall_at = excluded.earlier_shortfall_at
"""
RESERVATION_COLUMNS = ", ".join(RESERVATION)
RESERVATION_ARRAYS = """
    $1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[],
    $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::int[], $13::bigint[],
    $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::timestamptz[], $19::text[],
    $20::timestamptz[], $21::boolean[], $22::bytea[], $23::bytea[], $24::uuid[]
"""
# What is seldom: a request that came after its report, a charge of what was refused or had ended.
REWRITE_RESERVATIONS = (
    f"INSERT INTO reservations ({RESERVATION_COLUMNS}) SELECT * FROM unnest({RESERVATION_ARRAYS})"  # noqa: S608 - Constants of this file.
    """
    ON CONFLICT (lane, subject_id, account_id, kind) DO UPDATE
    SET state = excluded.state, operation_type = excluded.operation_type, model = excluded.model,
        price_version = excluded.price_version, available_after = excluded.available_after,
        estimated = excluded.estimated, charged = excluded.charged, shortfall = excluded.shortfall,
        charge_seq = excluded.charge_seq, expires_at = excluded.expires_at,
        closed_at = excluded.closed_at, close_reason = excluded.close_reason,
        requested_at = excluded.requested_at, answered_late = excluded.answered_late,
        request = excluded.request, refusal = excluded.refusal, run_id = excluded.run_id
"""
)
# The usual end: nothing but the end changes.
CLOSE_RESERVATIONS = """
    UPDATE reservations SET state = new.state, charged = new.charged, shortfall = new.shortfall,
        charge_seq = new.charge_seq, closed_at = $1, close_reason = new.close_reason
    FROM (
        SELECT *, 'operation' AS kind
        FROM unnest($2::smallint[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[],
                    $8::bigint[], $9::text[])
             AS rows (lane, subject_id, account_id, state, charged, shortfall, charge_seq,
                      close_reason)
        OFFSET 0
    ) AS new
    WHERE reservations.lane = new.lane AND reservations.subject_id = new.subject_id
      AND reservations.account_id = new.account_id AND reservations.kind = new.kind
"""
EXTEND_RESERVATIONS = """
    UPDATE reservations SET expires_at = new.expires_at
    FROM (
        SELECT *, 'operation' AS kind
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::timestamptz[])
             AS rows (lane, subject_id, account_id, expires_at)
        OFFSET 0
    ) AS new
    WHERE reservations.lane = new.lane AND reservations.subject_id = new.subject_id
      AND reservations.account_id = new.account_id AND reservations.kind = new.kind
"""

OPEN_HOLDS = """
    SELECT count(*),
           greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(expires_at)), 0))
    FROM (
        SELECT expires_at FROM reservations WHERE state = 'held'
        UNION ALL SELECT expires_at FROM runs WHERE state IN ('approved', 'running')
    ) AS open
"""

WHOLE_CATALOGUE = """
    SELECT 'config', price_version, content::text FROM cost_configs
    UNION ALL SELECT 'model', price_version, content::text FROM model_prices
    UNION ALL SELECT 'plan', 0, content::text FROM plans
    UNION ALL SELECT 'package', 0, content::text FROM packages
    ORDER BY price_version
"""
ADD_CONFIGS = """
    INSERT INTO cost_configs (operation_type, version, price_version, content)
    SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[]::jsonb[])
"""
ADD_MODELS = """
    INSERT INTO model_prices (model, version, price_version, content)
    SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[]::jsonb[])
"""
SAVE_PACKAGES = """
    INSERT INTO packages (package_code, version, content)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[]::jsonb[])
         AS new (code, version, content)
    ORDER BY code
    ON CONFLICT (package_code) DO UPDATE SET version = excluded.version, content = excluded.content
    WHERE packages.version < excluded.version
"""
