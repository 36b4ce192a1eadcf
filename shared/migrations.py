"""What the Alembic environment of every service does: up to date tables, in its own schema."""

from alembic import context
from sqlalchemy import MetaData

VERSION_TABLE = "schema_version"  # In the schema that the connection's search path begins with.


def run(metadata: MetaData) -> None:
    """Bring the database that Alembic was given up to date, a transaction a migration."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
