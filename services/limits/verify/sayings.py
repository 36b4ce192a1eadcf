"""What was said of refusals, marks, invitations, alerts and changes by hand is in the books (I11).

Each of these comes in the transaction of what it tells of, and in one parcel with the other facts
of it; so it is not asked row by row whether anybody was told.
"""

from types import MappingProxyType

from shared.contracts.limits import OBEYED, LimitDenied, TeamInvited, ThresholdReached
from shared.lanes import lane_of
from shared.verify.kept import kinds_of
from shared.verify.sayings import Kinds, Row, by_statement, check

DENIED = """
    SELECT said.account_id::text, 'a refusal was announced that is not in the books',
           (to_jsonb(said) - 'lane' - 'account_id')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[])
         AS said (lane, account_id, request_id, type, requested)
    WHERE NOT EXISTS (
        SELECT FROM holds WHERE holds.lane = said.lane AND holds.request_id = said.request_id
           AND holds.account_id = said.account_id AND limit_type = said.type
           AND state = 'refused' AND holds.requested = said.requested
    ) AND NOT EXISTS (
        SELECT FROM commands
        WHERE commands.lane = said.lane AND natural_key = said.request_id::text
          AND commands.account_id = said.account_id)
"""
MARKED = """
    SELECT said.account_id::text, 'a mark was announced that nobody has kept',
           (to_jsonb(said) - 'lane' - 'account_id')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::smallint[])
         AS said (lane, account_id, type, month, allowed, threshold)
    WHERE NOT EXISTS (
        SELECT FROM threshold_marks AS kept
        WHERE kept.lane = said.lane AND kept.account_id = said.account_id
          AND kept.limit_type = said.type AND kept.month = said.month
          AND kept.allowed = said.allowed AND kept.threshold >= said.threshold)
"""
# Since then he may have another role and other sites.
INVITED = """
    SELECT said.account_id::text, 'somebody was invited in one way and stands in another',
           (to_jsonb(said) - 'lane' - 'account_id' - 'email')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                $7::text[])
         AS said (lane, account_id, member_id, invite_id, email, invited_by, expires_at)
    LEFT JOIN members AS row ON row.lane = said.lane AND row.member_id = said.member_id
          AND row.account_id = said.account_id
    WHERE (said.invite_id, said.email, said.invited_by, said.expires_at::timestamptz)
          IS DISTINCT FROM
          (row.invite_id, row.email, coalesce(row.invited_by, ''), row.expires_at)
"""


def of_denied(said: LimitDenied) -> Row | None:
    """Of a plan that nobody knows nothing was decided."""
    if said.reason == "plan_unknown":
        return None
    whose = lane_of(said.account_id), said.account_id
    return *whose, said.request_id, said.limit_type, said.requested


def of_mark(said: ThresholdReached) -> Row:
    whose = lane_of(said.account_id), said.account_id
    return *whose, said.type, said.window, said.limit, said.threshold


def of_invited(said: TeamInvited) -> Row:
    whose = lane_of(said.account_id), said.account_id, said.member_id
    return *whose, said.invite_id, said.email, said.invited_by, said.expires_at


KINDS: Kinds = MappingProxyType(
    {
        LimitDenied.topic: by_statement(LimitDenied, DENIED, of_denied),
        ThresholdReached.topic: by_statement(ThresholdReached, MARKED, of_mark),
        TeamInvited.topic: by_statement(TeamInvited, INVITED, of_invited),
        **kinds_of("limits", {message.topic for message in OBEYED}),
    }
)
CHECKS = (check(KINDS),)
