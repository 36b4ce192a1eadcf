"""What the page of payloads says of credits, topic by topic: who, key and fields.

A field is written as there: `name`, `name?` where it may be absent, `name=default`. Of what others
announce only those fields are asked for that the rules of credits use.
"""

from typing import NamedTuple

DONE = (
    "model_used? provider? tokens_input? tokens_output? units? unit_kind? requests=1 images? "
    "items? details? response_time_ms? related?"
)
STATE = "account_id seq version balance_after available_after at "
REPLY = "topic id status account_id? data? error? replayed=false"
COST = (
    "operation_type mode tokens_per_credit? min_credits? unit unit_size credits_per_unit? "
    "default_tokens_input? default_tokens_output? display_name description is_active "
)
MODEL = (
    "model provider kind cost_per_1k_input? cost_per_1k_output? cost_per_image? cost_per_request? "
    "credit_multiplier image_quality? credits_per_image? tokens_per_word is_default is_active "
    "effective_from "
)
USAGE = (
    "usage_id account_id site_id? user_id? operation_id operation_type label details? credits_used "
    "cost_usd? provider? model_used? tokens_input? tokens_output? units? unit_kind? image_quality? "
    "items_created item_kind? source run_id? stage? related_type? related_id? related_title? "
    "status estimated_tokens shortfall price_version response_time_ms? created_at"
)


class Line(NamedTuple):
    """One line of the page."""

    who: str
    fields: str
    key: str = "account"
    is_compacted: bool = False


REQUESTS = {
    "ai.operation.requested": Line(
        "svc, edit+bot",
        "account_id operation_id operation_type model? site_id? user_id? source=manual run_id? "
        "stage? estimate? related? hold_ttl_s=900",
    ),
    "ai.operation.extension.requested": Line("svc", "account_id operation_id? run_id? extend_s"),
    "automation.run.requested": Line(
        "svc, edit+bot", "account_id run_id site_id? user_id? stages hold_ttl_s=14400"
    ),
    "credits.freeze.requested": Line(
        "svc", "account_id refund_id payment_id invoice_id bucket credits allow_partial"
    ),
    "credits.adjustment.requested": Line(
        "dev", "account_id adjustment_id amount bucket reason note"
    ),
    "cost.config.update.requested": Line("dev", COST + "expected_version", key="code"),
    "model.price.update.requested": Line("dev", MODEL + "expected_version", key="code"),
    "credits.query.requested": Line("svc, member", "account_id? query params? request_id?"),
    "alert.read.requested": Line("member", "account_id source alert_ids"),
}

REPORTS = {
    "ai.operation.completed": Line(
        "svc",
        "account_id operation_id operation_type completed_at? site_id? user_id? source? run_id? "
        "stage? " + DONE,
    ),
    "ai.operation.failed": Line(
        "svc",
        "account_id operation_id reason_code message? failed_at? response_time_ms? provider? "
        "model_used? tokens_input? tokens_output?",
    ),
    "ai.operation.cancelled": Line("svc", "account_id operation_id by? at?"),
    "automation.stage.completed": Line(
        "svc", "account_id run_id stage operations? totals? done=true completed_at?"
    ),
    "automation.stage.failed": Line("svc", "account_id run_id stage reason? at? operations?"),
    "automation.run.completed": Line("svc", "account_id run_id at?"),
    "automation.run.cancelled": Line("svc", "account_id run_id stage? reason? by? at? operations?"),
    "credits.freeze.released": Line("svc", "account_id refund_id reason"),
}

OF_OTHERS = {
    "invoice.paid": Line("svc", "account_id invoice_id grants"),
    "payment.refunded": Line(
        "svc", "account_id payment_id refund_id invoice_id credits_to_revoke forced"
    ),
    "payment.refund.reversed": Line("svc", "account_id refund_id"),
    "payment.disputed": Line(
        "svc", "account_id dispute_id payment_id invoice_id state credits bucket version"
    ),
    "subscription.state.changed": Line(
        "svc", "account_id plan_code status version", is_compacted=True
    ),
    "account.status.changed": Line("svc", "account_id status version"),
    "account.opened": Line("svc", "account_id"),
    "plan.updated": Line(
        "svc", "plan_code name price included_credits version", key="code", is_compacted=True
    ),
    "credit.package.updated": Line(
        "svc", "package_code name credits price version", key="code", is_compacted=True
    ),
}

REPLIES = {
    name.replace(".requested", ".replied"): Line("svc", REPLY, key="account") for name in REQUESTS
}

FACTS = {
    "credits.reserved": Line(
        "svc",
        STATE + "reservation_id kind operation_id? run_id? refund_id? dispute_id? operation_type? "
        "estimated held expires_at? price_version?",
    ),
    "credits.committed": Line(
        "svc",
        STATE
        + "transaction_id? reservation_id? operation_id run_id? stage? operation_type charged "
        "released plan_delta purchased_delta shortfall late",
    ),
    "credits.released": Line(
        "svc",
        STATE + "reservation_id kind operation_id? run_id? refund_id? dispute_id? released reason",
    ),
    "credits.expired": Line(
        "svc", STATE + "reservation_id kind operation_id? run_id? released expires_at"
    ),
    "credits.granted": Line(
        "svc",
        STATE + "transaction_id? invoice_id line? kind code granted bucket reason refund_id?",
    ),
    "credits.revoked": Line(
        "svc",
        STATE + "transaction_id? refund_id? dispute_id? payment_id invoice_id revoked unrecovered "
        "bucket forced",
    ),
    "credits.adjusted": Line("svc", STATE + "transaction_id adjustment_id amount bucket reason"),
    "credits.shortfall.recorded": Line(
        "svc", STATE + "operation_id run_id? operation_type charged shortfall late"
    ),
    "automation.run.approved": Line(
        "svc", "account_id run_id reservation_id estimated held expires_at"
    ),
    "automation.stage.charged": Line(
        "svc", "account_id run_id stage credits operations shortfall run_remaining"
    ),
    "automation.run.closed": Line(
        "svc", "account_id run_id state reason? estimated charged released shortfall stages"
    ),
    "usage.recorded": Line("svc", USAGE),
    "cost.config.updated": Line(
        "svc",
        COST + "version previous? updated_by? updated_at price_version",
        key="code",
        is_compacted=True,
    ),
    "model.price.updated": Line(
        "svc", MODEL + "version updated_by? updated_at price_version", key="code", is_compacted=True
    ),
    "credits.balance.changed": Line(
        "svc",
        "account_id balance held available plan_bucket purchased_bucket plan_code "
        "plan_credits_per_month used_this_month window status seq version at",
        is_compacted=True,
    ),
    "alert.raised": Line(
        "svc",
        "account_id alert_id source audience kind severity threshold? subject title message data "
        "window created_at",
    ),
    "audit.recorded": Line(
        "svc", "audit_id account_id? actor action object before? after? correlation_id at"
    ),
    "service.health.reported": Line(
        "svc",
        "service instance status lag_records oldest_age_s error_rate p95_ms at",
        key="service",
    ),
}

# What a reply says when it is ok.
ANSWERS = {
    "ai.operation.replied": "operation_id reservation_id estimated held available_after expires_at "
    "price_version state charged",
    "ai.operation.extension.replied": "operation_id? run_id? expires_at",
    "automation.run.replied": "run_id reservation_id estimated held available_after expires_at "
    "price_version per_stage",
    "credits.freeze.replied": "refund_id frozen unspent available_after",
    "credits.adjustment.replied": "transaction available_after",
    "cost.config.update.replied": "row price_version",
    "model.price.update.replied": "row price_version",
    "alert.read.replied": "read missing unread_count",
}

SHAPES = {
    "Items": "kind count",
    "Related": "type id title?",
    "Estimate": "tokens_input? tokens_output? words? units? images?",
    "Done": "operation_type? " + DONE,
    "Grant": "line kind credits code bucket? policy?",
    "UsageRow": USAGE,
    "Transaction": "transaction_id account_id seq type amount plan_delta purchased_delta "
    "balance_after description reference_type reference_id metadata actor? created_at",
    "CostConfig": COST + "version previous? updated_by? updated_at",
    "ModelPrice": MODEL + "version updated_by? updated_at",
}

PLAN = (
    "plan_code name price billing_cycle included_credits extra_credit_price allow_credit_topup "
    "max_sites max_users max_keywords max_ahrefs_queries typical_article_credits trial_days "
    "trial_credits renewal_policy features gateway_product_id gateway_price_id is_active sort "
    "version"
)
PACKAGE = (
    "package_code name credits price discount_label_pct is_active is_featured description features "
    "gateway_product_id gateway_price_id version"
)

USAGE_FILTER = (
    "operation_type? site_id? source? status? model? run_id? user_id? from? to? preset? sort=newest"
)
QUERIES = {
    "credits.balance": ("svc, member", ""),
    "credits.estimate": (
        "svc, member",
        "operation_type? model? tokens_input? tokens_output? words? units? images? items?",
    ),
    "credits.transactions": ("svc, member", "type? from? to? preset? page"),
    "usage.log": (
        "svc, member",
        f"{USAGE_FILTER} page",
    ),
    "usage.log.export": (
        "svc, member",
        f"{USAGE_FILTER} format",
    ),
    "credits.insights": (
        "svc, member",
        "dimension from? to? preset? granularity=day site_id?",
    ),
    "credits.forecast": ("svc, member", ""),
    "usage.tips": ("svc, admin", ""),
    "cost.config.list": ("svc, member", "include_inactive=false"),
    "model.price.list": ("svc, member", "include_inactive=false"),
    "automation.run": ("svc, member", "run_id"),
    "operation.detail": ("svc, member", "operation_id"),
    "credits.stats": ("dev", "month"),
    "alerts.list": ("svc, member", "unread=false limit=50 audience?"),
    "audit.list": ("svc, admin", "action? object_id? actor? from? to? preset? page"),
    "system.health": ("svc, member", "minutes=5"),
    "command.outcome": ("svc, member", "topic id"),
}
FOR_ALL_ACCOUNTS = {"credits.transactions", "usage.log", "credits.stats", "audit.list"}
