"""Limits: who may have how many sites, seats, keywords and keyword queries.

Obeys      site.creation.requested, site.created / .creation.failed / .deleted,
           team.invite.requested / .accepted / .expired, team.member.remove.requested /
           .role.change.requested / .seen, account.ownership.transfer.requested,
           limits.hold.requested / .confirmed / .released, limits.override.update.requested,
           keyword.deleted, account.opened, account.status.changed, subscription.state.changed,
           plan.updated, alert.read.requested, limits.query.requested
Announces  replies, limits.usage.changed, limits.denied, limits.threshold.reached,
           limits.window.opened, limits.overage.detected / .cleared, team.invited,
           team.member.changed, alert.raised, audit.recorded, service.health.reported
Owns       accounts, overrides, counters, holds, members, counted resources, threshold marks
Holds      used + held <= limit whenever anything is granted, for every account and limit
"""
