"""A stage has the number that its sender gives it, whatever the size.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Numbers up to 2^53 - 1, as everywhere in the contract."""
    op.execute("ALTER TABLE usage ALTER COLUMN stage TYPE BIGINT")


def downgrade() -> None:
    """What is too large for the narrow column is not known any more."""
    op.execute(
        "ALTER TABLE usage ALTER COLUMN stage TYPE INTEGER USING"
        " CASE WHEN stage BETWEEN -2147483648 AND 2147483647 THEN stage::integer END"
    )
