"""What invoicing says and others obey: invoices, accounts, subscriptions, plans, refunds.

Required is what rules use; a field that only describes may be missing in what others send.
"""

from shared.contracts.invoicing.accounts import (
    AccountOpened,
    AccountStatusChanged,
    SubscriptionStateChanged,
)
from shared.contracts.invoicing.invoices import (
    Grant,
    GrantKind,
    InvoicePaid,
    Line,
    LineGrant,
    LineItem,
)
from shared.contracts.invoicing.payments import PaymentDisputed, PaymentRefunded, RefundReversed
from shared.contracts.invoicing.plans import (
    FREE,
    Package,
    PackageUpdated,
    Plan,
    PlanUpdated,
    RenewalPolicy,
)
from shared.contracts.invoicing.telling import Told

__all__ = [
    "FREE",
    "AccountOpened",
    "AccountStatusChanged",
    "Grant",
    "GrantKind",
    "InvoicePaid",
    "Line",
    "LineGrant",
    "LineItem",
    "Package",
    "PackageUpdated",
    "PaymentDisputed",
    "PaymentRefunded",
    "Plan",
    "PlanUpdated",
    "RefundReversed",
    "RenewalPolicy",
    "SubscriptionStateChanged",
    "Told",
]
