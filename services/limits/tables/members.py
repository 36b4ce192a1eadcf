"""Whoever has a seat or had one, and things that are counted one by one."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.limits.tables.columns import metadata
from shared.tables import account_column, lane_column, time_column

ROLES = "'owner', 'admin', 'editor', 'viewer'"

members = Table(
    "members",
    metadata,
    lane_column(),
    Column("member_id", Uuid, primary_key=True),
    account_column(),
    Column("role", Text, CheckConstraint(f"role IN ({ROLES})"), nullable=False),
    Column(
        "state", Text, CheckConstraint("state IN ('invited', 'active', 'removed')"), nullable=False
    ),
    Column("email", Text, nullable=False),
    Column("invite_id", Uuid),
    Column("user_id", Text),
    Column("site_access", ARRAY(Uuid), nullable=False),
    Column("invited_by", Text),
    time_column("invited_at", nullable=True),
    time_column("expires_at", nullable=True),
    time_column("accepted_at", nullable=True),
    time_column("last_seen_at", nullable=True),
    Column("last_seen_sites", JSONB, nullable=False),
    CheckConstraint("state <> 'invited' OR role <> 'owner'", name="nobody_is_invited_as_owner"),
    CheckConstraint("state <> 'invited' OR expires_at IS NOT NULL", name="invitations_end"),
)
whose = members.c.lane, members.c.account_id
Index("members_of_account", *whose)
Index("members_by_invite", *whose, members.c.invite_id, unique=True)
Index("members_by_user", *whose, members.c.user_id)
Index("invitations_open", members.c.expires_at, postgresql_where=text("state = 'invited'"))

Table(
    "resources",
    metadata,
    lane_column(),
    Column("resource_id", Uuid, primary_key=True),
    account_column(),
    Column("kind", Text, CheckConstraint("kind IN ('site', 'user', 'keyword')"), primary_key=True),
    Column("state", Text, CheckConstraint("state IN ('active', 'removed')"), nullable=False),
    time_column("since"),
    CheckConstraint(
        "kind <> 'keyword' OR state = 'removed'", name="keywords_are_counted_by_confirmations"
    ),
)
