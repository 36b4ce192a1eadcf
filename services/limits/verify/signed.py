"""Whatever people changed is on record as it stands, and they have signed for it (I15)."""

from collections.abc import Collection

from shared.contracts.limits import (
    InviteRequested,
    MemberRemoveRequested,
    OverrideUpdateRequested,
    OwnershipTransferRequested,
    RoleChangeRequested,
    SiteCreationRequested,
)
from shared.contracts.message import Message
from shared.kafka import Letter
from shared.obeying import asked_by
from shared.verify.signed import Made, check
from shared.verifying import counted, of_rows

# Records are kept for a time only: an override may have outlived all of its own.
OVERRIDDEN = """
    SELECT account_id, 'a limit by hand is not the one on record' AS what, jsonb_build_object(
        'type', limit_type, 'limit', allowed, 'is_set', is_set, 'recorded', after) AS numbers
    FROM overrides JOIN (
        SELECT DISTINCT ON (account_id, object_id)
               account_id, object_id AS limit_type, after, user_id
        FROM audit WHERE object_type = 'limit'
        ORDER BY account_id, object_id, at DESC, audit_id DESC
    ) AS latest USING (account_id, limit_type)
    WHERE is_set <> (after -> 'override')::boolean OR reason <> after ->> 'reason'
       OR (is_set AND allowed IS DISTINCT FROM (nullif(after -> 'limit', 'null'))::bigint)
    UNION ALL
    SELECT audit.account_id, 'more changes of a limit are on record than were made',
           jsonb_build_object('type', object_id, 'records', count(*),
                              'version', coalesce(max(version), 0))
    FROM audit LEFT JOIN overrides
         ON overrides.account_id = audit.account_id AND limit_type = object_id
    WHERE object_type = 'limit'
    GROUP BY audit.account_id, object_id HAVING count(*) > coalesce(max(version), 0)
"""
# Made by a command that only people may send: named by what the rows remember of it.
UNSIGNED = """
    SELECT account_id::text AS account_id, 'a change by hand that nobody has signed for' AS what,
           jsonb_build_object('topic', topic, 'id', id, 'user_id', user_id)::text AS numbers
    FROM (
        SELECT account_id, action AS topic, object_id AS id, user_id, at,
               concat_ws(':', account_id, object_id, correlation_id, user_id) AS name
        FROM audit WHERE actor_kind = 'user'
        UNION ALL
        SELECT account_id, topic, request_id::text, NULL, created_at,
               concat_ws(':', account_id, request_id)
        FROM holds WHERE topic = 'site.creation.requested' AND request IS NOT NULL
        UNION ALL
        SELECT account_id, 'team.invite.requested', invite_id::text, invited_by, invited_at,
               concat_ws(':', account_id, invite_id, invited_by)
        FROM members WHERE invite_id IS NOT NULL
    ) AS made
    JOIN unnest($1::text[], $2::text[]) AS kept (topic, since) USING (topic)
    WHERE at >= since::timestamptz AND NOT EXISTS (
        SELECT FROM unnest($3::text[], $4::text[], $5::text[]) AS signed (topic, name, user_id)
        WHERE (signed.topic, signed.name) = (made.topic, made.name))
"""
COUNT = """
    SELECT (SELECT count(*) FROM audit WHERE actor_kind = 'user')
         + (SELECT count(*) FROM holds
            WHERE topic = 'site.creation.requested' AND request IS NOT NULL)
         + (SELECT count(*) FROM members WHERE invite_id IS NOT NULL)
"""


def names_of(letter: Letter, said: Message) -> Collection[str]:
    """By its own id, also with whoever sent it; and as the audit has it."""
    is_a_transfer = isinstance(said, OwnershipTransferRequested)
    about = said.account_id if is_a_transfer else said.subject
    own = f"{said.account_id}:{said.subject}"
    recorded = f"{said.account_id}:{about}:{asked_by(letter).correlation_id}"
    return own, f"{own}:{letter.user_id}", f"{recorded}:{letter.user_id}"


BY_HAND = Made(
    (
        OverrideUpdateRequested,
        SiteCreationRequested,
        InviteRequested,
        RoleChangeRequested,
        OwnershipTransferRequested,
        MemberRemoveRequested,
    ),
    names_of,
    UNSIGNED,
    COUNT,
)
CHECKS = (of_rows("I15", OVERRIDDEN, counted("overrides")), check(BY_HAND))
