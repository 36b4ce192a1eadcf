"""Extensions of holds, each with its answer.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLE = """
CREATE TABLE extensions (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    subject_id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('operation', 'run')),
    extend_s INTEGER NOT NULL CHECK (extend_s >= 60),
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (lane, subject_id, account_id, extend_s)
)
"""


def upgrade() -> None:
    """Those before are known by the expiry that they led to, and answered by it."""
    op.execute(TABLE)


def downgrade() -> None:
    """Only what repeats are answered with is forgotten."""
    op.execute("DROP TABLE extensions")
