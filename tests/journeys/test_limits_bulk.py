"""Much is counted at once: an import of 50,000 keywords, and its end."""

from collections.abc import Mapping

from shared.contracts.limits import UsageChanged
from tests.journeys.test_limits import asked, granted, used
from tests.journeys.test_price_change import token
from tests.journeys.traveller import Traveller
from tests.limits.making import asks_for, confirmed, keywords_gone, override

MANY = 50_000
A_MESSAGE = 1_000  # The most that one message names.


async def test_fifty_thousand_keywords_are_one_hold_and_one_confirmation(
    team: Traveller, environment: Mapping[str, str]
) -> None:
    """Some are deleted before the confirmation is read, some twice: each counts down once."""
    developer = token(environment, "developer", None)
    await team.client.request(override("keywords", MANY, account=team.account), actor=developer)
    held = granted(await asked(team, asks_for(1, MANY, account=team.account)))
    done = confirmed(held.hold_id, MANY, team.account)
    gone = [
        keywords_gone(*range(first, first + A_MESSAGE), account=team.account)
        for first in range(0, MANY, A_MESSAGE)
    ]

    await team.tell(*gone[:10], done, done)
    await team.ears.hear_until(UsageChanged, lambda said: keywords(said) == (40_000, 0))
    assert (await asked(team, asks_for(2, 10_001, account=team.account))).error is not None

    team.ears.heard.clear()
    await team.tell(*gone[:20], *gone[10:])
    await team.ears.hear_until(UsageChanged, lambda said: keywords(said) == (0, 0))
    assert (await used(team))["keywords"] == (0, 0)
    assert granted(await asked(team, asks_for(3, MANY, account=team.account))).granted == MANY


def keywords(said: UsageChanged) -> tuple[int, int]:
    (row,) = (row for row in said.limits if row.type == "keywords")
    return row.current, row.held
