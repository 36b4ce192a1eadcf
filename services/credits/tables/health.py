"""How the processes of credits have been doing."""

from services.credits.tables.columns import metadata
from shared.health.tables import describe_health_table

describe_health_table(metadata)
