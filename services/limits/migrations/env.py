"""What Alembic runs to migrate limits."""

from services.limits.tables import metadata
from shared import migrations

migrations.run(metadata)
