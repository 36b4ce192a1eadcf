"""Accounts know whether they have limits of their own: nobody else's are sought.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"

# Whoever writes the first override of an account, by whatever way, marks the account with it.
MARK = """
    CREATE FUNCTION mark_overridden() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('UPDATE %I.accounts SET is_overridden = true'
                       ' WHERE lane = $1 AND account_id = $2 AND NOT is_overridden',
                       TG_TABLE_SCHEMA) USING NEW.lane, NEW.account_id;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    """Whoever had one once, set or cleared, has a row to look at."""
    op.execute("ALTER TABLE accounts ADD COLUMN is_overridden BOOLEAN NOT NULL DEFAULT false")
    op.execute(
        "UPDATE accounts SET is_overridden = true WHERE EXISTS (SELECT FROM overrides"
        " WHERE overrides.lane = accounts.lane AND overrides.account_id = accounts.account_id)"
    )
    op.execute(MARK)
    op.execute(
        "CREATE TRIGGER overridden AFTER INSERT ON overrides"
        " FOR EACH ROW EXECUTE FUNCTION mark_overridden()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER overridden ON overrides")
    op.execute("DROP FUNCTION mark_overridden")
    op.execute("ALTER TABLE accounts DROP COLUMN is_overridden")
