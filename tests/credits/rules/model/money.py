"""Credits that come, and what invoicing says of accounts and plans."""

from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    Grant,
    InvoicePaid,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message
from tests.credits.rules.model.purse import Deal, Entry, Purse, World
from tests.credits.rules.seen import Fact, Seen

LIVE = "trialing", "active", "past_due"


def paid(world: World, purse: Purse, said: InvoicePaid) -> list[Seen]:
    return [
        granted(world, purse, said.invoice_id, line)
        for line in said.grants
        if (said.invoice_id, line.line) not in purse.lines
    ]


def granted(world: World, purse: Purse, invoice: str, line: Grant) -> Fact:
    """Once a line; a top-up fills the plan bucket, all else is added."""
    purse.lines.add((invoice, line.line))
    usual = "purchased" if line.kind == "credit_package" else "plan"
    bucket, deal = line.bucket or usual, world.plans.get(line.code)
    policy = line.policy or ("top_up" if deal and deal.tops_up else "accumulate")
    added, allocated = line.credits, world.allocation(purse)
    if line.kind == "subscription":
        purse.allocation = line.credits
        if policy == "top_up" and bucket == "plan":
            added = max(0, line.credits - purse.buckets()[0])
    if added:
        deltas = (added, 0) if bucket == "plan" else (0, added)
        purse.entries.append(Entry(*deltas, world.month))
    purse.version += bool(added) or world.allocation(purse) != allocated
    return purse.fact("granted", f"{invoice}:{line.line}", added)


def planned(world: World, _: Purse, said: PlanUpdated) -> list[Seen]:
    known = world.plans.get(said.plan_code, Deal(-1, 0, tops_up=False))
    if said.version > known.version:
        policy = said.renewal_policy or ("top_up" if known.tops_up else "accumulate")
        deal = Deal(said.version, said.included_credits, tops_up=policy == "top_up")
        world.plans[said.plan_code] = deal
    return []


def followed(_: World, purse: Purse, said: Message) -> list[Seen]:
    """What invoicing says of an account: the latest counts."""
    match said:
        case AccountOpened() if purse.plan[1] is None:
            purse.plan = purse.plan[0], "free"
        case AccountStatusChanged() if said.version > purse.status[0]:
            purse.status = said.version, said.status
        case SubscriptionStateChanged() if said.version > purse.plan[0]:
            purse.plan = said.version, said.plan_code if said.status in LIVE else "free"
        case _:
            return []
    purse.version += 1
    return []
