"""Claw-backs and adjustments.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"

CLAWBACKS = """
CREATE TABLE clawbacks (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    subject_id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute')),
    reservation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'refused', 'frozen', 'released', 'revoked', 'reversed')),
    payment_id UUID,
    invoice_id UUID,
    bucket TEXT CHECK (bucket IN ('plan', 'purchased')),
    asked BIGINT NOT NULL CHECK (asked >= 0),
    frozen BIGINT NOT NULL CHECK (frozen >= 0),
    available_after BIGINT NOT NULL CHECK (available_after >= 0),
    closed_at TIMESTAMP WITH TIME ZONE,
    to_revoke BIGINT NOT NULL CHECK (to_revoke >= 0),
    from_plan BIGINT NOT NULL CHECK (from_plan >= 0),
    from_purchased BIGINT NOT NULL CHECK (from_purchased >= 0),
    forced BOOLEAN NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoke_seq BIGINT,
    reversed_at TIMESTAMP WITH TIME ZONE,
    reverse_seq BIGINT,
    request BYTEA,
    refusal BYTEA,
    PRIMARY KEY (lane, subject_id, account_id, kind),
    CONSTRAINT clawbacks_freeze_what_was_asked CHECK (frozen <= asked),
    CONSTRAINT clawbacks_end_in_time CHECK (
        (closed_at IS NULL) = (state IN ('refused', 'frozen'))),
    CONSTRAINT clawbacks_take_what_was_said CHECK (from_plan + from_purchased <= to_revoke),
    CONSTRAINT clawbacks_take_once CHECK (
        (revoke_seq IS NULL) = (from_plan + from_purchased = 0)
        AND (revoked_at IS NOT NULL OR to_revoke = 0)),
    CONSTRAINT clawbacks_give_back_what_they_took CHECK (
        (reverse_seq IS NULL) = (revoke_seq IS NULL OR reversed_at IS NULL)),
    CONSTRAINT clawbacks_stand_as_they_ended CHECK (
        (reversed_at IS NOT NULL) = (state = 'reversed')
        AND (revoked_at IS NULL OR state IN ('revoked', 'reversed'))
        AND (revoked_at IS NOT NULL OR state <> 'revoked')),
    CONSTRAINT clawbacks_refuse_what_was_asked CHECK (refusal IS NULL OR request IS NOT NULL)
)
"""
OPEN = "CREATE INDEX clawbacks_open ON clawbacks (lane, account_id) WHERE state = 'frozen'"
ADJUSTMENTS = """
CREATE TABLE adjustments (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    adjustment_id UUID NOT NULL,
    account_id UUID NOT NULL,
    amount BIGINT NOT NULL CHECK (amount <> 0),
    bucket TEXT NOT NULL CHECK (bucket IN ('plan', 'purchased')),
    request BYTEA NOT NULL,
    actor TEXT,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    available_after BIGINT NOT NULL CHECK (available_after >= 0),
    transaction_id UUID,
    seq BIGINT,
    balance_after BIGINT,
    refusal BYTEA,
    PRIMARY KEY (lane, adjustment_id, account_id),
    CONSTRAINT adjustments_are_made_or_refused CHECK (
        num_nulls(transaction_id, seq, balance_after)
        = CASE WHEN refusal IS NULL THEN 0 ELSE 3 END)
)
"""
# What was taken stays taken, and what was given back is over.
FUNCTION = """
CREATE FUNCTION refuse_clawback() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % cannot go from % to %', OLD.kind, OLD.subject_id, OLD.state, NEW.state
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
TRIGGER = """
CREATE TRIGGER clawbacks_go_forward BEFORE UPDATE ON clawbacks FOR EACH ROW
WHEN (OLD.state <> NEW.state
      AND (NEW.state IN ('refused', 'frozen') OR OLD.state = 'reversed'
           OR (OLD.state = 'revoked' AND NEW.state <> 'reversed'))
      OR OLD.revoke_seq <> NEW.revoke_seq OR OLD.reverse_seq <> NEW.reverse_seq)
EXECUTE FUNCTION refuse_clawback()
"""
# Without the table nothing would ever free them.
STILL_FROZEN = """
UPDATE accounts SET held = held - frozen, version = version + 1
FROM (
    SELECT lane, account_id, sum(frozen) AS frozen FROM clawbacks
    WHERE state = 'frozen' GROUP BY lane, account_id
) AS open
WHERE accounts.lane = open.lane AND accounts.account_id = open.account_id
"""


def upgrade() -> None:
    """Nobody's credits were frozen before."""
    for statement in (CLAWBACKS, OPEN, ADJUSTMENTS, FUNCTION, TRIGGER):
        op.execute(statement)


def downgrade() -> None:
    """What is frozen is free again: nothing would remember it."""
    op.execute(STILL_FROZEN)
    op.execute("DROP TABLE adjustments")
    op.execute("DROP TABLE clawbacks")
    op.execute("DROP FUNCTION refuse_clawback")
