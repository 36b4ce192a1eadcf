"""Accounts with their own limits, their counters, and the shares of limits they were told of."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    SmallInteger,
    Table,
    Text,
    false,
)

from services.limits.tables.columns import metadata, quantity_column, type_column
from shared.tables import account_column, lane_column, time_column

accounts = Table(
    "accounts",
    metadata,
    lane_column(),
    account_column(),
    Column("version", BigInteger, nullable=False),
    Column("month", Text, nullable=False),
    Column("plan_code", Text, nullable=False),
    Column("plan_version", BigInteger, nullable=False),
    Column("subscription_version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False),
    time_column("status_since", nullable=True),
    Column("status_version", BigInteger, nullable=False),
    Column("is_opened", Boolean, nullable=False),
    Column("name", Text),
    # A trigger sets it with the first row of `overrides`: of whom there is none, none is sought.
    Column("is_overridden", Boolean, nullable=False, server_default=false()),
    CheckConstraint("status IN ('trial', 'active', 'suspended', 'cancelled')"),
    # Every batch updates this row: room on its page keeps the update off the index.
    postgresql_with={"fillfactor": 50},
)

# By these the sweep finds whose month is over, and who has not followed a change of its plan.
Index("accounts_by_month", accounts.c.month)
Index("accounts_by_plan", accounts.c.plan_code, accounts.c.plan_version)

Table(
    "overrides",
    metadata,
    lane_column(),
    account_column(),
    type_column(),
    Column("allowed", BigInteger, CheckConstraint("allowed >= 0")),
    Column("is_set", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("is_set OR allowed IS NULL", name="cleared_is_no_limit"),
)

Table(
    "counters",
    metadata,
    lane_column(),
    account_column(),
    Column("month", Text, primary_key=True),
    type_column(),
    Column("used", BigInteger, nullable=False),
    quantity_column("held"),
    quantity_column("over_by"),
    time_column("over_since", nullable=True),
    # Keywords may be deleted before anybody says that they were made.
    CheckConstraint("used >= 0 OR limit_type = 'keywords'", name="never_below_nothing"),
    CheckConstraint(
        "(month = '-') = (limit_type <> 'ahrefs_queries')", name="months_of_monthly_limits"
    ),
    CheckConstraint("(over_since IS NULL) = (over_by = 0)", name="over_since_it_was_passed"),
    postgresql_with={"fillfactor": 50},
)

Table(
    "threshold_marks",
    metadata,
    lane_column(),
    account_column(),
    Column("month", Text, primary_key=True),
    type_column(),
    Column("allowed", BigInteger, primary_key=True, autoincrement=False),
    Column("threshold", SmallInteger, nullable=False),
    CheckConstraint("threshold IN (80, 90, 100)", name="shares_that_are_told"),
)
