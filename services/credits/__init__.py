"""Credits: who may spend how much.

Obeys      ai.operation.requested / .completed / .failed / .cancelled / .extension.requested,
           automation.run.requested / .completed / .cancelled, automation.stage.completed / .failed,
           invoice.paid, payment.refunded / .refund.reversed / .disputed,
           credits.freeze.requested / .released, credits.adjustment.requested,
           account.opened, account.status.changed, subscription.state.changed,
           plan.updated, credit.package.updated, cost.config.update.requested,
           model.price.update.requested, alert.read.requested, credits.query.requested
Announces  replies, credits.granted / .reserved / .committed / .released / .expired / .revoked /
           .adjusted, credits.shortfall.recorded, credits.balance.changed, usage.recorded,
           automation.run.approved / .closed, automation.stage.charged,
           alert.raised, cost.config.updated, model.price.updated, audit.recorded,
           service.health.reported
Owns       accounts, reservations, runs, claw-backs, adjustments, grants, ledger, usage, price lists
Holds      0 <= held <= plan_bucket + purchased_bucket, for every account, after every message
"""
