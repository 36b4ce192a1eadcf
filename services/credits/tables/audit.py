"""Who changed prices and balances by hand."""

from services.credits.tables.columns import metadata
from shared.auditing import describe_audit_table

describe_audit_table(metadata)
