"""The chapters after the demo's hour tell the truth: each notices what is not as it was told."""

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
import uvloop

from deploy.demo import chapters, command, rule, showing, summary, trace
from deploy.demo.chapters import Chapters, agency, automation, clawback, insights
from deploy.demo.chapters.agency import Agency
from deploy.demo.chapters.automation import Automation
from deploy.demo.chapters.clawback import Clawback
from deploy.demo.chapters.insights import Seen
from deploy.local import worker
from shared.contracts.credits.answers import Forecast

CALLS, SEED = 200, 7
RUN = UUID(int=2)
FORECAST = Forecast(
    window="2026-01",
    day=9,
    days_in_month=31,
    used=9,
    actions=1,
    daily_average="1.00",
    confidence="low",
    projected_credits=30,
    days_until_empty=5,
)


@pytest.fixture(scope="module")
def after(environment: dict[str, str]) -> Chapters:
    """What follows a few calls of the hour, in a system that works."""
    calls, customers = trace.read()[:CALLS], rule.customers(RUN)
    jobs = rule.deal(calls, customers, RUN, SEED)
    with worker.running("credits", environment), worker.running("limits", environment):
        return uvloop.run(command.play(environment, jobs, customers))[1]


def test_nothing_contradicts_the_chapters_after_the_hour(after: Chapters) -> None:
    assert [check.contradictions for check in chapters.check(after)] == [[], [], [], [], [], []]


def charges_a_stage_twice(found: Automation) -> Automation:
    return found._replace(charged=[*found.charged, found.charged[0]])


def frees_a_credit_too_few(found: Automation) -> Automation:
    (fact,) = found.released
    less = msgspec.structs.replace(fact, released=fact.released - 1)
    return found._replace(released=[less])


def never_closes_the_run(found: Automation) -> Automation:
    return found._replace(closed=[])


def never_approves_the_run(found: Automation) -> Automation:
    return found._replace(approved=None)


@pytest.mark.parametrize(
    "tamper",
    [charges_a_stage_twice, frees_a_credit_too_few, never_closes_the_run, never_approves_the_run],
)
def test_the_demo_notices_a_run_that_is_not_settled(
    tamper: Callable[[Automation], Automation], after: Chapters
) -> None:
    assert automation.settled(tamper(after.automation)).contradictions != []


def approves_what_does_not_fit(found: Automation) -> Automation:
    return found._replace(refusal=None)


def names_a_stage_too_many(found: Automation) -> Automation:
    assert found.refusal is not None
    return found._replace(
        refusal=msgspec.structs.replace(found.refusal, fitting_stages=[1, 2, 3, 4])
    )


@pytest.mark.parametrize("tamper", [approves_what_does_not_fit, names_a_stage_too_many])
def test_the_demo_notices_a_refusal_that(
    tamper: Callable[[Automation], Automation], after: Chapters
) -> None:
    assert automation.fitting(tamper(after.automation)).contradictions != []


def revokes_nothing(found: Clawback) -> Clawback:
    return found._replace(revoked=[])


def forgets_what_it_could_not_take(found: Clawback) -> Clawback:
    (fact,) = found.revoked
    return found._replace(revoked=[msgspec.structs.replace(fact, unrecovered=0)])


def lets_frozen_credits_be_spent(found: Clawback) -> Clawback:
    return found._replace(meanwhile=None)


@pytest.mark.parametrize(
    "tamper", [revokes_nothing, forgets_what_it_could_not_take, lets_frozen_credits_be_spent]
)
def test_the_demo_notices_a_refund_that(
    tamper: Callable[[Clawback], Clawback], after: Chapters
) -> None:
    assert clawback.check(tamper(after.clawback)).contradictions != []


def misses_an_action(found: Seen) -> Seen:
    assert found.insights is not None
    rest = msgspec.structs.replace(found.insights, rows=found.insights.rows[1:])
    return found._replace(insights=rest)


def forecasts_another_month(found: Seen) -> Seen:
    assert found.forecast is not None
    more = msgspec.structs.replace(found.forecast, used=found.forecast.used + 1)
    return found._replace(forecast=more)


def answers_nothing(found: Seen) -> Seen:
    return found._replace(insights=None, forecast=None)


@pytest.mark.parametrize("tamper", [misses_an_action, forecasts_another_month, answers_nothing])
def test_the_demo_notices_insights_of_somebody_who(
    tamper: Callable[[Seen], Seen], after: Chapters
) -> None:
    assert insights.check(tamper(after.seen)).contradictions != []


def approves_a_site_too_many(found: Agency) -> Agency:
    wishes = [wish._replace(granted=1, error=None) for wish in found.on_starter[:3]]
    return found._replace(on_starter=[*wishes, *found.on_starter[3:]])


def tells_nobody_of_a_denial(found: Agency) -> Agency:
    return found._replace(denied=found.denied[:1])


def suggests_no_plan(found: Agency) -> Agency:
    wishes = [
        wish._replace(error=wish.error and msgspec.structs.replace(wish.error, suggestions=[]))
        for wish in found.on_starter
    ]
    return found._replace(on_starter=wishes)


@pytest.mark.parametrize(
    "tamper", [approves_a_site_too_many, tells_nobody_of_a_denial, suggests_no_plan]
)
def test_the_demo_notices_a_limit_that(tamper: Callable[[Agency], Agency], after: Chapters) -> None:
    assert agency.kept(tamper(after.agency)).contradictions != []


def refuses_after_the_upgrade(found: Agency) -> Agency:
    return found._replace(on_growth=found.on_starter[2:5:2])


def counts_a_site_twice(found: Agency) -> Agency:
    assert found.usage is not None
    sites, *others = found.usage.rows
    more = msgspec.structs.replace(sites, current=sites.current + 1)
    return found._replace(usage=msgspec.structs.replace(found.usage, rows=[more, *others]))


@pytest.mark.parametrize("tamper", [refuses_after_the_upgrade, counts_a_site_twice])
def test_the_demo_notices_an_upgrade_that(
    tamper: Callable[[Agency], Agency], after: Chapters
) -> None:
    assert agency.grown(tamper(after.agency)).contradictions != []


def silent(found: Chapters) -> Chapters:
    """What is found of a system that says nothing."""
    return found._replace(
        automation=Automation(None, [], [], [], None, None),
        clawback=Clawback([], None, None, None, [], None),
        seen=answers_nothing(found.seen),
        agency=Agency([], [], [], None),
    )


def test_the_chapters_are_told_within_the_page_whatever_was_found(after: Chapters) -> None:
    console = summary.console()
    with console.capture() as told:
        chapters.tell(console, after)
        chapters.tell(console, silent(after))
    assert "Stages that would fit: 1, 2, 3." in told.get()
    assert "- Upgrade to Growth: 5 sites." in told.get()
    assert max(len(line) for line in told.get().splitlines()) <= summary.WIDTH
    assert all(check.contradictions for check in chapters.check(silent(after)))


def test_what_was_checked_is_a_line_each(after: Chapters) -> None:
    console = summary.console()
    with console.capture() as told:
        assert summary.judge(console, chapters.check(after))
    assert told.get().count("✓") == len(told.get().strip().splitlines()) - 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"projected_credits": None}, "Forecast: none before the third day; 9 credits are used"),
        ({"days_until_empty": None}, "30 credits by the month's end."),
        ({"days_until_empty": 0}, "empty today."),
        ({"days_until_empty": 1}, "empty tomorrow."),
        ({"days_until_empty": 1_200}, "empty in 1,200 days."),
    ],
)
def test_a_forecast_in_words(told: dict[str, int | None], words: str) -> None:
    assert words in insights.in_words(msgspec.structs.replace(FORECAST, **told))


@pytest.mark.parametrize(
    ("value", "drawn"), [(0, ""), (1, "▏"), (8, "█"), (12, "█▌"), (32, "████")]
)
def test_a_bar_is_as_long_as_its_value(value: int, drawn: str) -> None:
    assert showing.bar(value, 32, 4) == drawn
