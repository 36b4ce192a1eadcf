"""What Alembic runs to migrate credits."""

from services.credits.tables import metadata
from shared import migrations

migrations.run(metadata)
