"""Days that were summed up wrongly are found, and repaired from what they were made of."""

import pytest

from deploy.rebuild import leave_alone, rebuilt
from services.credits.days import DAY
from tests.credits.days.past import TODAY, answers, close_all, findings
from tests.credits.queries.clerk import Clerk

DAMAGES = [
    "UPDATE daily_usage SET credits = credits + 1 WHERE day = $1",
    "UPDATE daily_usage SET account_id = gen_random_uuid() WHERE day = $1",
    "DELETE FROM daily_totals WHERE day = $1",
    "UPDATE daily_ledger SET moved = moved - 1 WHERE day = $1 AND type = 'deduction'",
    "DELETE FROM daily_ledger WHERE day = $1 AND type = 'deduction'",
]


# What only a rebuild finds: it looks at every kind.
SMALL_DAMAGES = [
    "UPDATE daily_totals SET failures = failures + 1 WHERE day = $1 AND failures < actions",
    "UPDATE daily_usage SET source = 'automation', model = model || '!' WHERE day = $1",
    "UPDATE daily_ledger SET came = came + 1 WHERE day = $1 AND type = 'subscription'",
    "UPDATE daily_ledger SET last_seq = last_seq + 1 WHERE day = $1",
]


@pytest.mark.parametrize("damage", [*DAMAGES, *SMALL_DAMAGES])
async def test_what_is_damaged_is_found_and_repaired(
    clerk: Clerk, account: str, own: str, damage: str
) -> None:
    await close_all(clerk)
    environment, pool = {"CREDITS_DATABASE_URL": own}, clerk.credits.service.database.pool_for(None)
    right, sound = await answers(clerk, account), await findings(own)

    await pool.execute(damage, TODAY - 2 * DAY)
    found = await findings(own)
    seen = await rebuilt(environment, "credits", leave_alone)
    mended = await rebuilt(environment, "credits")
    after = await rebuilt(environment, "credits", leave_alone)

    assert (sound, after.wrong) == (0, 0)
    assert (found > 0) == (damage in DAMAGES)
    assert mended.wrong == seen.wrong > 0
    assert await answers(clerk, account) == right
    assert await findings(own) == 0


async def test_hours_that_are_repaired_repair_their_day(
    clerk: Clerk, account: str, own: str
) -> None:
    await close_all(clerk)
    pool = clerk.credits.service.database.pool_for(None)
    right = await answers(clerk, account)
    damage = "UPDATE {} SET credits = credits + 1 WHERE {} < $1"
    for table, moment in (
        ("hourly_usage", "hour"),
        ("daily_usage", "day"),
        ("daily_totals", "day"),
    ):
        await pool.execute(damage.format(table, moment), TODAY - DAY)

    await rebuilt({"CREDITS_DATABASE_URL": own}, "credits")

    assert await answers(clerk, account) == right
    assert await findings(own) == 0
