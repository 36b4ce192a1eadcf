"""What the page of payloads says of limits, as `page.py` has it of credits."""

from tests.contracts import page
from tests.contracts.page import Line

MEMBER = (
    "member_id invite_id? user_id? email role site_access state invited_by? invited_at? "
    "expires_at? accepted_at? last_seen_at? last_seen_sites"
)

REQUESTS = {
    "site.creation.requested": Line("admin", "account_id request_id site_name user_id?"),
    "team.invite.requested": Line("admin", "account_id invite_id email role site_access=[]"),
    "team.member.remove.requested": Line("admin", "account_id member_id"),
    "team.member.role.change.requested": Line(
        "admin", "account_id member_id role site_access? expected_role?"
    ),
    "account.ownership.transfer.requested": Line("owner", "account_id request_id member_id"),
    "limits.override.update.requested": Line(
        "dev", "account_id limit_type limit? clear=false reason expected_version"
    ),
    "limits.hold.requested": Line(
        "svc",
        "account_id request_id limit_type quantity allow_partial=false ttl_s=600 purpose",
    ),
    "limits.query.requested": Line("svc, member", "account_id? query params? request_id?"),
    "alert.read.requested": page.REQUESTS["alert.read.requested"],
}

REPORTS = {
    "site.created": Line("svc", "account_id site_id hold_id? request_id? site_name? at?"),
    "site.creation.failed": Line("svc", "account_id hold_id? request_id? site_id? reason? at?"),
    "site.deleted": Line("svc", "account_id site_id at?"),
    "team.invite.accepted": Line("svc", "account_id member_id user_id? at?"),
    "team.invite.expired": Line("svc", "account_id member_id at?"),
    "team.member.seen": Line("svc", "account_id user_id site_id? at"),
    "limits.hold.confirmed": Line("svc", "account_id hold_id quantity resources=[]"),
    "limits.hold.released": Line("svc", "account_id hold_id quantity? reason?"),
}

OF_OTHERS = {
    "keyword.deleted": Line("svc", "account_id keyword_ids"),
    **{
        topic: page.OF_OTHERS[topic]
        for topic in (
            "subscription.state.changed",
            "account.status.changed",
            "account.opened",
            "plan.updated",
        )
    },
}

REPLIES = {
    name.replace(".requested", ".replied"): Line("svc", page.REPLY, key="account")
    for name in REQUESTS
}

FACTS = {
    "limits.usage.changed": Line(
        "svc", "account_id plan_code status limits window version at", is_compacted=True
    ),
    "limits.denied": Line(
        "svc",
        "account_id limit_type request_id purpose? requested current held limit? available? reason",
    ),
    "limits.threshold.reached": Line("svc", "account_id type threshold used limit window"),
    "limits.window.opened": Line("svc", "account_id window resets_at version"),
    "limits.overage.detected": Line("svc", "account_id items version"),
    "limits.overage.cleared": Line("svc", "account_id items version"),
    "team.invited": Line(
        "svc",
        "account_id member_id invite_id email role site_access invited_by expires_at account_name?",
    ),
    "team.member.changed": Line("svc", "account_id member previous_role? change"),
    **{
        topic: page.FACTS[topic]
        for topic in ("alert.raised", "audit.recorded", "service.health.reported")
    },
}

ANSWERS = {
    "site.creation.replied": "hold_id current limit? available? expires_at",
    "team.invite.replied": "member_id current limit? expires_at",
    "team.member.remove.replied": "member current limit?",
    "team.member.role.change.replied": "member",
    "account.ownership.transfer.replied": "owner previous",
    "limits.override.update.replied": "row version",
    "limits.hold.replied": "request_id hold_id requested granted current limit? available? window "
    "resets_at? expires_at",
}

SHAPES = {
    "LimitRow": "type kind display_name current held limit? remaining? percent? resets_at? over_by "
    "override",
    "Member": MEMBER,
    "OverageItem": "type used limit? over_by",
    "LimitsUsage": "rows period",
    "UsageSummary": "limits credits period",
    "SummaryCredits": "balance plan_allocation used_this_month",
    "Period": "start end days_remaining",
    "Team": "rows seats? next_cursor?",
    "Seats": "current held limit?",
}

QUERIES = {
    "limits.usage": ("svc, member", ""),
    "usage.summary": ("svc, member", ""),
    "team.members": ("svc, admin", "state? search? page"),
    **{
        query: page.QUERIES[query]
        for query in ("alerts.list", "audit.list", "system.health", "command.outcome")
    },
}
FOR_ALL_ACCOUNTS = {"team.members", "audit.list"}
