"""What somebody was told of, once a mark."""

from services.credits.tables.columns import metadata
from shared.alerting.tables import describe_alerts_table

describe_alerts_table(metadata)
