"""Messages by chance: few ids, so that they meet, and numbers near the edges of the rules."""

from typing import TypeAlias

from hypothesis import strategies as st

from shared.contracts.credits import (
    Estimate,
    ExtensionRequested,
    ImageCount,
    Items,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
)
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    Grant,
    InvoicePaid,
    PackageUpdated,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message
from shared.contracts.money import dollars
from tests.credits.rules.model.tariff import FIRST
from tests.making import uuid

Report: TypeAlias = OperationCompleted | OperationFailed | OperationCancelled | ExtensionRequested

ACCOUNTS = [uuid(0xA), uuid(0xB), uuid(0xC)]
OPERATIONS = [uuid(number) for number in range(1, 7)]
KINDS = [*FIRST.rates, "telepathy"]
MODELS = [*FIRST.engines, "gpt-0"]
SECONDS = st.sampled_from([60, 61, 900, 1800, 7200])

accounts = st.sampled_from(ACCOUNTS)
operations = st.sampled_from(OPERATIONS)
# Half of all work is articles: only what is common meets itself.
kinds = st.just("content_generation") | st.sampled_from(KINDS)
models = st.none() | st.just("gpt-4o-mini") | st.sampled_from(MODELS)
tokens = st.integers(0, 9_000)
counts = st.none() | st.integers(0, 400)
images = st.lists(
    st.builds(
        ImageCount,
        quality=st.sampled_from(["basic", "quality", "premium"]),
        count=st.integers(1, 4),
    ),
    max_size=3,
    unique_by=lambda image: image.quality,
)
in_tokens = st.builds(Estimate, tokens_input=tokens, tokens_output=tokens)
estimates = (
    st.none()
    | in_tokens
    | st.builds(
        Estimate,
        words=st.none() | st.integers(0, 3_000),
        units=st.none() | st.integers(0, 6),
        images=images.map(lambda some: some or None),
    )
)

RUNS = [uuid(number) for number in (0x101, 0x102)]
runs = st.sampled_from(RUNS)
some_run = st.none() | st.none() | runs
stages = st.just(1) | st.integers(1, 3)

requests = st.builds(
    OperationRequested,
    account_id=accounts,
    operation_id=operations,
    operation_type=kinds,
    model=models,
    estimate=estimates,
    hold_ttl_s=SECONDS,
    source=st.sampled_from(["manual", "automation"]),
    run_id=some_run,
    stage=st.none() | stages,
)
completions = st.builds(
    OperationCompleted,
    account_id=accounts,
    operation_id=operations,
    operation_type=kinds,
    model_used=models,
    tokens_input=st.none() | tokens,
    tokens_output=st.none() | tokens,
    units=counts,
    unit_kind=st.sampled_from([None, "words", "pages"]),
    requests=st.integers(0, 2),
    images=st.none() | images,
    items=st.none() | st.builds(Items, kind=st.just("page"), count=st.integers(0, 4)),
    run_id=some_run,
    stage=st.none() | stages,
)
failures = st.builds(
    OperationFailed,
    account_id=accounts,
    operation_id=operations,
    reason_code=st.sampled_from(["timeout", "filtered"]),
    model_used=models,
    tokens_input=st.none() | tokens,
    tokens_output=st.none() | tokens,
)
cancellations = st.builds(OperationCancelled, account_id=accounts, operation_id=operations)
extensions = st.builds(
    ExtensionRequested,
    account_id=accounts,
    operation_id=operations,
    extend_s=SECONDS,
)

plan_codes = st.sampled_from(["free", "starter", "gold"])
lines = st.builds(
    Grant,
    line=st.integers(1, 3),
    kind=st.sampled_from(["subscription", "credit_package", "upgrade"]),
    credits=st.sampled_from([1, 40, 50, 55, 60, 100, 500, 2_000]),
    code=plan_codes,
    bucket=st.none() | st.sampled_from(["plan", "purchased"]),
    policy=st.none() | st.sampled_from(["accumulate", "top_up"]),
)
invoices = st.builds(
    InvoicePaid,
    account_id=accounts,
    invoice_id=st.integers(1, 6).map(uuid),
    grants=st.lists(lines, max_size=2),
)
versions = st.integers(0, 6)
plans = st.builds(
    PlanUpdated,
    plan_code=plan_codes,
    name=st.just("A plan"),
    price=st.just(dollars(49_00)),
    included_credits=st.integers(0, 3_000),
    version=versions,
    renewal_policy=st.none() | st.sampled_from(["accumulate", "top_up"]),
)
packages = st.builds(
    PackageUpdated,
    package_code=st.sampled_from(["starter", "mini"]),
    name=st.just("A package"),
    price=st.just(dollars(1_00)),
    credits=st.integers(1, 300),
    version=versions,
    is_active=st.booleans(),
)
statuses = st.builds(
    AccountStatusChanged,
    account_id=accounts,
    status=st.sampled_from(["active", "active", "trial", "suspended", "cancelled"]),
    version=versions,
)
subscriptions = st.builds(
    SubscriptionStateChanged,
    account_id=accounts,
    plan_code=plan_codes,
    status=st.sampled_from(["incomplete", "trialing", "active", "past_due", "canceled"]),
    version=versions,
)
openings = st.builds(AccountOpened, account_id=accounts)

articles = st.builds(
    OperationRequested,
    account_id=accounts,
    operation_id=operations,
    operation_type=st.just("content_generation"),
    hold_ttl_s=SECONDS,
)
reports: st.SearchStrategy[Report] = st.one_of(
    completions, completions, completions, failures, cancellations, extensions
)
news: st.SearchStrategy[Message] = st.one_of(plans, packages, statuses, subscriptions, openings)
