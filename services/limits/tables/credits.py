"""What credits said last of an account, to be shown beside its limits."""

from sqlalchemy import BigInteger, Column, Table, Text

from services.limits.tables.columns import metadata, quantity_column
from shared.tables import account_column, lane_column

Table(
    "credit_balances",
    metadata,
    lane_column(),
    account_column(),
    Column("version", BigInteger, nullable=False),
    quantity_column("balance"),
    quantity_column("plan_allocation"),
    quantity_column("used"),
    Column("month", Text, nullable=False),
)
