"""Credits: who may spend how much.

Obeys      ai.operation.requested / .completed / .failed / .cancelled / .extension.requested,
           invoice.paid, account.opened, account.status.changed, subscription.state.changed,
           plan.updated, credit.package.updated, credits.query.requested
Announces  replies, credits.granted / .reserved / .committed / .released / .expired,
           credits.shortfall.recorded, credits.balance.changed, usage.recorded, alert.raised
Owns       accounts, reservations, grants, ledger, usage, price lists
Holds      0 <= held <= plan_bucket + purchased_bucket, for every account, after every message
"""
