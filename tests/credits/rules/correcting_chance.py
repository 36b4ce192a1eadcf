"""Money that goes back, and what developers change, by chance."""

from typing import TypeAlias

from hypothesis import strategies as st

from shared.contracts.catalogue import COST_CONFIGS
from shared.contracts.credits import (
    AdjustmentRequested,
    FreezeReleased,
    FreezeRequested,
    PaymentDisputed,
    PaymentRefunded,
    RefundReversed,
)
from shared.contracts.message import Message
from tests.credits.rules.chance import accounts
from tests.credits.rules.pricing import config_update, model_update
from tests.making import uuid

REFUNDS = [uuid(number) for number in (0x201, 0x202, 0x203)]
DISPUTES = [uuid(number) for number in (0x301, 0x302)]
refunds = st.sampled_from(REFUNDS)
buckets = st.sampled_from(["plan", "purchased"])
amounts = st.sampled_from([1, 40, 60, 300, 2_000])
payment, invoice = st.just(uuid(0x900)), st.integers(1, 6).map(uuid)

freezes = st.builds(
    FreezeRequested,
    account_id=accounts,
    refund_id=refunds,
    payment_id=payment,
    invoice_id=invoice,
    bucket=buckets,
    credits=amounts,
    allow_partial=st.booleans(),
)
releases = st.builds(
    FreezeReleased,
    account_id=accounts,
    refund_id=refunds,
    reason=st.sampled_from(["failed", "rejected"]),
)
paid_back = st.builds(
    PaymentRefunded,
    account_id=accounts,
    refund_id=refunds,
    payment_id=payment,
    invoice_id=invoice,
    credits_to_revoke=st.just(0) | amounts,
    forced=st.booleans(),
    bucket=buckets,
)
reversals = st.builds(RefundReversed, account_id=accounts, refund_id=refunds)
RefundEnd: TypeAlias = FreezeReleased | PaymentRefunded | RefundReversed
ends: st.SearchStrategy[RefundEnd] = st.one_of(paid_back, paid_back, reversals, releases)
disputes = st.builds(
    PaymentDisputed,
    account_id=accounts,
    dispute_id=st.sampled_from(DISPUTES),
    payment_id=payment,
    invoice_id=invoice,
    state=st.sampled_from(["opened", "won", "lost"]),
    credits=st.just(0) | amounts,
    bucket=buckets,
    version=st.integers(1, 3),
)
clawbacks: st.SearchStrategy[Message] = st.one_of(
    freezes, freezes, releases, paid_back, reversals, disputes, disputes
)

adjustments = st.builds(
    AdjustmentRequested,
    account_id=accounts,
    adjustment_id=refunds,
    amount=st.sampled_from([-500, -500, -60, -60, -1, 1, 40]),
    bucket=buckets,
    reason=st.just("goodwill"),
    note=st.sampled_from(["The site was down.", "Again."]),
)

expected = st.integers(0, 3)
seeds = {row.operation_type: row for row in COST_CONFIGS}
in_tokens = ["content_generation", "optimization", "haiku"]
config_changes = st.builds(
    config_update,
    st.sampled_from(in_tokens),
    expected,
    tokens_per_credit=st.sampled_from([80, 100, 200]),
    min_credits=st.sampled_from([1, 3]),
    is_active=st.sampled_from([True, True, True, False]),
)
model_changes = st.builds(
    model_update,
    st.sampled_from(["gpt-4o", "gpt-4o-mini", "gpt-0"]),
    expected,
    credit_multiplier=st.sampled_from(["0.100", "1.000", "1.500"]),
    tokens_per_word=st.sampled_from(["1.3", "2.0"]),
    cost_per_1k_output=st.sampled_from(["0.00060000", "0.01000000"]),
    is_active=st.sampled_from([True, True, True, False]),
)
