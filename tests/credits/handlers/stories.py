"""What befalls a run, money that goes back and a price, in two polls: a beginning and an end."""

from collections.abc import Callable, Iterable

from shared.contracts.invoicing import AccountOpened
from shared.contracts.message import Message
from shared.contracts.operating import AlertReadRequested
from tests import correcting, making, running
from tests.credits.rules.pricing import config_update, model_update

Number = Callable[[int], int]
FOR_A_MINUTE = {"hold_ttl_s": 60}


def news(n: Number, dan: str) -> Iterable[Message]:
    """What invoicing says of an account, and of things that are in no other life."""
    yield making.plan_is(f"plan-{n(0)}", 3_000, is_active=False)
    yield making.package_is(f"package-{n(0)}", 300, is_active=False)
    yield AccountOpened(account_id=dan)


def a_run_begins(n: Number, cat: str) -> Iterable[Message]:
    yield making.paid(2_000, cat, invoice=n(20))
    yield running.run_requested(run=n(21), account=cat)
    yield making.requested(n(22), cat, run_id=making.uuid(n(21)), stage=1)
    yield running.stage_done(1, running.done(n(23)), run=n(21), account=cat, is_done=False)
    yield running.run_requested(run=n(24), account=cat, **FOR_A_MINUTE)  # Nobody reports on it.
    yield running.run_requested(*running.S10, run=n(25), account=cat)
    yield running.run_requested(*running.S10, run=n(26), account=cat)
    endless = {**running.ARTICLES, "count": 10_000}
    yield running.run_requested(endless, run=n(27), account=cat)  # Refused.
    yield running.run_completed(run=n(28), account=cat)  # Before its request.


def a_run_ends(n: Number, cat: str) -> Iterable[Message]:
    dear = running.done(n(29), credits=3_000)  # More than there is.
    late = running.done(n(30), operation_type="content_generation")
    yield running.run_extension(20_000, run=n(21), account=cat)
    yield running.stage_done(1, running.done(n(22)), running.done(n(31)), run=n(21), account=cat)
    yield running.run_completed(run=n(21), account=cat)
    yield running.stage_failed(3, running.done(n(32)), run=n(25), account=cat)
    yield running.run_cancelled(run=n(26), account=cat)
    yield running.run_requested(run=n(28), account=cat)  # A conflict.
    yield running.stage_done(1, dear, run=n(27), account=cat)
    yield running.stage_done(1, late, run=n(33), account=cat)  # Of nobody's run.


def money_may_go_back(n: Number, dan: str) -> Iterable[Message]:
    bought = {"invoice_id": making.uuid(n(40))}
    yield making.paid(500, dan, invoice=n(40), kind="credit_package", code="starter")
    yield making.paid(100, dan, invoice=n(41))
    yield correcting.freeze(n(42), 100, dan, **bought)
    yield correcting.freeze(n(43), 50, dan, **bought)
    yield correcting.freeze(n(44), 9_999, dan, **bought)  # Refused.
    yield correcting.disputed(n(45), "opened", 40, dan, **bought)
    yield correcting.disputed(n(46), "opened", 30, dan, **bought)
    yield correcting.reversed_(n(47), dan)  # Before it was refunded.


def money_goes_back(n: Number, dan: str) -> Iterable[Message]:
    bought = {"invoice_id": making.uuid(n(40))}
    yield correcting.refunded(n(42), 100, dan, **bought)
    yield correcting.reversed_(n(42), dan)
    yield correcting.unfreeze(n(43), dan)
    yield correcting.disputed(n(45), "lost", 40, dan, **bought)
    yield correcting.disputed(n(46), "won", 30, dan, **bought)
    yield correcting.refunded(n(47), 60, dan, **bought)
    yield correcting.refunded(n(48), 2_000, dan, forced=True, **bought)


def a_developer_acts(n: Number, dan: str) -> Iterable[Message]:
    """Prices of things that are in no other life."""
    yield correcting.adjustment(n(50), 70, dan)
    yield correcting.adjustment(n(51), -9_999, dan)  # Refused.
    yield config_update(f"kind-{n(0)}", 0, tokens_per_credit=10)
    yield model_update(f"model-{n(0)}", 0)


def somebody_reads(n: Number, dan: str) -> Message:
    """An alert that is not there."""
    return AlertReadRequested(account_id=dan, source="credits", alert_ids=[making.uuid(n(60))])
