"""Credits run out, as a customer sees it (S24); and how the service is doing, as all see it."""

from collections.abc import Mapping

from shared.contracts.credits import CreditsCommitted, CreditsGranted
from shared.contracts.operating import (
    AlertRaised,
    AlertReadReplied,
    AlertReadRequested,
    Alerts,
    AskAlerts,
    AskHealth,
    Health,
)
from tests import making
from tests.journeys.test_price_change import token
from tests.journeys.traveller import Traveller


async def spend(traveller: Traveller, number: int, credits: int) -> None:
    """Work that costs so many credits, charged before anything else is said."""
    work = making.completed(number, traveller.account, tokens_input=0, tokens_output=100 * credits)
    await traveller.tell(work)
    await traveller.ears.hear(CreditsCommitted, number)


async def listed(traveller: Traveller, question: AskAlerts, actor: str | None = None) -> Alerts:
    reply = await traveller.client.ask(question, traveller.account, actor=actor)
    assert isinstance(reply.data, Alerts), reply.error
    return reply.data


async def test_s24_each_mark_is_told_once_and_read_once(
    traveller: Traveller, environment: Mapping[str, str]
) -> None:
    account, viewer = traveller.account, token(environment, "viewer", traveller.account)
    await traveller.tell(making.paid(1_000, account))
    await traveller.ears.hear(CreditsGranted)
    for number, credits in enumerate((497, 3, 297, 3, 147, 3, 50), start=1):
        await spend(traveller, number, credits)
    await traveller.ears.silence()

    raised = traveller.ears.of(AlertRaised)
    marks = [(alert.kind, alert.threshold, alert.severity) for alert in raised]
    assert marks == [
        ("credits.threshold", 50, "info"),
        ("credits.threshold", 80, "warning"),
        ("credits.threshold", 95, "error"),
        ("credits.empty", None, "error"),
    ]
    unread = await listed(traveller, AskAlerts(unread=True), viewer)
    assert [row.alert_id for row in unread.rows] == [one.alert_id for one in reversed(raised)]

    ids = [alert.alert_id for alert in raised[:2]]
    command = AlertReadRequested(account_id=account, source="credits", alert_ids=ids)
    reply = await traveller.client.request(command, actor=viewer)

    assert isinstance(reply, AlertReadReplied)
    assert reply.data is not None, reply.error
    assert (reply.data.read, reply.data.missing, reply.data.unread_count) == (2, 0, 2)
    known = await listed(traveller, AskAlerts())
    assert {row.alert_id for row in known.rows if row.read_at is not None} == set(ids)


async def test_a_jump_raises_the_highest_mark_alone(traveller: Traveller) -> None:
    await traveller.tell(making.paid(1_000, traveller.account))
    await traveller.ears.hear(CreditsGranted)

    await spend(traveller, 1, 960)
    await traveller.ears.silence()

    assert [alert.threshold for alert in traveller.ears.of(AlertRaised)] == [95]


async def test_a_worker_reports_how_it_is_doing(traveller: Traveller) -> None:
    reply = await traveller.client.ask(AskHealth(), traveller.account)

    assert isinstance(reply.data, Health), reply.error
    assert (reply.data.service, reply.data.instances >= 1) == ("credits", True)
