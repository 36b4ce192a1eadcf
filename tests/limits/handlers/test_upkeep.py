"""What operators do for limits: counters that differ are counted anew, what is old is dropped."""

from collections.abc import Sequence

from deploy.forget import forgotten
from deploy.rebuild import leave_alone, rebuilt
from shared.contracts.limits import HoldReplied, OverageDetected, UsageChanged
from tests.limits.handlers.worker import Worker, states, working
from tests.limits.making import asks_for, confirmed, opened, override, site_made
from tests.recorder import Sent
from tests.signing import by

LONG_AGO_SECONDS = 200 * 24 * 60 * 60.0
WRONG = (
    "UPDATE counters SET used = 0, held = held + 5 WHERE account_id = $1 AND limit_type = 'sites'",
    "DELETE FROM counters WHERE account_id = $1 AND limit_type = 'users'",
    "UPDATE counters SET used = 7 WHERE account_id = $1 AND limit_type = 'keywords'",
)
COUNTERS = "SELECT limit_type, used, held, over_by FROM counters WHERE account_id = $1 ORDER BY 1"


def of(account: str, sent: Sequence[Sent]) -> list[Sent]:
    return [one for one in sent if one.key == account.encode()]


async def test_a_rebuild_counts_anew_and_the_sweep_tells_how_the_account_stands(
    worker: Worker, url: str, account: str
) -> None:
    environment = {"LIMITS_DATABASE_URL": url}
    sites = [site_made(number, account) for number in (1, 2)]
    await worker.obey(opened(account), asks_for(1, 50, account=account), *sites)
    (granted,) = worker.recorder.messages(HoldReplied)
    assert granted.data is not None
    await worker.obey(confirmed(granted.data.hold_id, 40, account))
    right, before = await worker.fetch(COUNTERS, account), worker.recorder.of(UsageChanged.topic)
    for statement in WRONG:
        await worker.service.database.pool_for(None).execute(statement, account)

    seen = await rebuilt(environment, "limits", leave_alone)
    assert (seen.wrong, await worker.fetch(COUNTERS, account) == right) == (3, False)
    assert seen.shown[0].words == (
        f"account {account}, keywords -: 7 used and 0 held are kept, 40 and 0 counted"
    )
    await rebuilt(environment, "limits")

    assert (await rebuilt(environment, "limits", leave_alone)).wrong == 0
    assert await worker.fetch(COUNTERS, account) == right
    told = of(account, await worker.sweep())
    assert states(told) == states(before)
    assert told[-1].said["version"] == before[-1].said["version"] + 1
    assert of(account, await worker.sweep()) == []


async def test_what_a_rebuild_finds_above_a_limit_is_told(
    worker: Worker, url: str, account: str
) -> None:
    await worker.obey(opened(account), *(site_made(number, account) for number in (1, 2)))
    wrong = "UPDATE counters SET used = 1, over_by = 0, over_since = NULL WHERE account_id = $1"
    await worker.service.database.pool_for(None).execute(wrong, account)
    await rebuilt({"LIMITS_DATABASE_URL": url}, "limits")
    told = len(worker.recorder.messages(OverageDetected))

    await worker.sweep()

    later = worker.recorder.messages(OverageDetected)[told:]
    (again,) = [one for one in later if one.account_id == account]
    assert [(item.type, item.used, item.over_by) for item in again.items] == [("sites", 2, 1)]


async def test_alerts_and_audit_of_long_ago_are_forgotten_and_nothing_else_is(
    worker: Worker, url: str, account: str
) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": "nowhere:0", "LIMITS_DATABASE_URL": url}
    async with working(url, clock_offset=-LONG_AGO_SECONDS) as early:
        by_hand = by("developer", override("sites", 1, account=account))
        await early.obey(opened(account), by_hand, site_made(1, account), site_made(2, account))
    alerts = "SELECT count(*) FROM alerts WHERE account_id = $1"
    counters = await worker.fetch(COUNTERS, account)
    assert await worker.fetch(alerts, account) == [(1,)]

    found = await forgotten(environment, "limits")

    assert {old.table for old in found} == {"alerts"}
    assert await worker.fetch(alerts, account) == [(0,)]
    assert await worker.fetch("SELECT count(*) FROM audit WHERE account_id = $1", account) == [(1,)]
    assert await worker.fetch(COUNTERS, account) == counters
