"""Books that are right are found right, and each kind of damage is found for what it is."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.examination import Report, examine
from services.limits.verify import INVARIANTS, answers, facts, sayings
from shared.contracts.limits import ANNOUNCED
from shared.kafka import Record
from shared.postgres import Transaction
from shared.verifying import BUSY, Keys, taken
from tests.databases import own_database
from tests.limits.handlers.lives import LATER_SECONDS, Life
from tests.limits.handlers.topics import Remembered
from tests.limits.handlers.worker import working
from tests.limits.making import asks_for_site, site_made
from tests.making import record, uuid
from tests.recorder import Recorder
from tests.signing import KEY, by

# Of roles and of limits by hand the latest answer alone is kept; the others tell of nothing kept.
NOT_LOOKED_AT = {
    "team.member.role.change.replied",
    "limits.override.update.replied",
    "limits.query.replied",
    "alert.read.replied",
    "service.health.reported",
}
DAMAGE = [
    (
        "I3",
        "what is held is not the sum of the open holds",
        "UPDATE counters SET held = held + 1 WHERE limit_type = 'keywords'",
    ),
    (
        "I17",
        "what is used is not what is there",
        "UPDATE counters SET used = used + 1 WHERE limit_type = 'ahrefs_queries'",
    ),
    (
        "I7",
        "a limit is passed by more or less than was told",
        "UPDATE counters SET over_by = over_by + 1, over_since = now() WHERE month = '-'",
    ),
    (
        "I7",
        "more was granted than the limit gave",
        (
            "UPDATE holds SET answer = convert_to(jsonb_set("
            "convert_from(answer, 'UTF8')::jsonb, '{data,current}', '1001')::text, 'UTF8')"
            " WHERE state = 'confirmed' AND limit_type = 'keywords'"
        ),
    ),
    (
        "I7",
        "more was granted than the limit gave",
        (
            "UPDATE commands SET answer = convert_to(jsonb_set("
            "convert_from(answer, 'UTF8')::jsonb, '{data,limit}', '1')::text, 'UTF8')"
            " WHERE topic = 'team.invite.requested'"
            " AND convert_from(answer, 'UTF8') LIKE '%member_id%'"
        ),
    ),
    (
        "I4",
        "more was granted or confirmed than was asked for",
        "UPDATE holds SET counted = counted + confirmed + 1 WHERE state = 'released'",
    ),
    ("I5", "nobody owns an account that was opened", "UPDATE members SET role = 'viewer'"),
    (
        "I6",
        "a command was answered in one way and stands in the books in another",
        (
            "UPDATE commands SET answer ="
            " convert_to(replace(convert_from(answer, 'UTF8'), 'owner', 'admin'), 'UTF8')"
            " WHERE topic = 'account.ownership.transfer.requested'"
        ),
    ),
    (
        "I6",
        "a command was answered that the books do not know",
        "DELETE FROM holds WHERE state = 'refused'",
    ),
    (
        "I10",
        "offsets passed are not what became of the records",
        "UPDATE kafka_offsets SET duplicate = duplicate + 1 WHERE topic = 'account.opened'",
    ),
    (
        "I11",
        "the state of an account was not announced",
        "UPDATE accounts SET version = version + 1",
    ),
    (
        "I11",
        "a version was announced that the books have not reached",
        "UPDATE accounts SET version = version - 1",
    ),
    (
        "I11",
        "the state that was announced is not the one in the books",
        "UPDATE accounts SET status = 'active'",
    ),
    ("I11", "an account was announced that is not in the books", "DELETE FROM accounts"),
    (
        "I11",
        "a member was announced in one way and stands in another",
        "UPDATE members SET role = 'editor' WHERE role = 'admin'",
    ),
    (
        "I11",
        "somebody was invited in one way and stands in another",
        "UPDATE members SET invite_id = gen_random_uuid() WHERE invite_id IS NOT NULL",
    ),
    (
        "I11",
        "a limit was announced as passed by something else",
        "UPDATE counters SET over_by = over_by + 1, over_since = now() WHERE limit_type = 'users'",
    ),
    (
        "I11",
        "a refusal was announced that is not in the books",
        "UPDATE holds SET requested = requested + 1 WHERE state = 'refused'",
    ),
    ("I11", "a mark was announced that nobody has kept", "DELETE FROM threshold_marks"),
    ("I11", "an alert was announced that is not in the books", "DELETE FROM alerts"),
    (
        "I12",
        "a record was set aside and is nowhere",
        (
            "UPDATE kafka_offsets SET dead_lettered = dead_lettered + 1"
            " WHERE topic = 'limits.hold.confirmed'"
        ),
    ),
    (
        "I7",
        "an account has limits of its own and is not marked so",
        "UPDATE accounts SET is_overridden = false",
    ),
    (
        "I15",
        "a limit by hand is not the one on record",
        "UPDATE overrides SET allowed = allowed + 1",
    ),
    (
        "I15",
        "a change by hand that nobody has signed for",
        "UPDATE members SET invited_by = 'eve' WHERE invite_id IS NOT NULL",
    ),
    (
        "I16",
        "a hold is open after its time",
        (
            "UPDATE holds SET state = 'held', closed_at = NULL,"
            " expires_at = now() - interval '1 h' WHERE state = 'expired'"
        ),
    ),
]


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "limits", "limits_books") as url:
        yield url


def test_whatever_limits_says_is_looked_at_or_known_not_to_be() -> None:
    looked_at = {*answers.KINDS, *facts.TOPICS, *sayings.KINDS}
    assert looked_at | NOT_LOOKED_AT == {message.topic for message in ANNOUNCED}
    assert not looked_at & NOT_LOOKED_AT


async def found(tx: Transaction, topics: Remembered, damage: str = "SELECT 1") -> Report:
    """What is seen of a damage that is undone again."""
    damaged, report = tx.transaction(), Report()
    await damaged.start()
    await tx.execute(damage)
    keys: Keys = {None: KEY.public_key()}
    snapshot = await taken(tx, topics, INVARIANTS.topics, BUSY, keys=keys)
    await examine(report, "limits", snapshot)
    await damaged.rollback()
    return report


def broken(report: Report) -> set[tuple[str, str]]:
    return {
        (one.id, violation.what)
        for one in report.invariants
        for violation in one.finding.violations
    }


def made_before_asked(account: str) -> list[Record]:
    """Two sites where one is allowed; whoever asks for them then has them."""
    made = [record(site_made(n, account, request_id=uuid(n))) for n in (1, 2)]
    return [*made, *(by("admin", asks_for_site(n, account)) for n in (1, 2))]


async def test_damage_is_found_for_what_it_is(url: str) -> None:
    said, life = Recorder(), Life()
    async with (
        working(url, said) as worker,
        working(url, said, clock_offset=LATER_SECONDS) as later,
        worker.service.database.pool_for(None).acquire() as tx,
    ):
        await life.live(worker, later)
        asked_late = made_before_asked(str(uuid4()))
        await worker.obey(*asked_late)
        heard = [*life.heard, *asked_late]
        topics = Remembered(heard, said.sent)
        right = await found(tx, topics)
        assert broken(right) == set()
        assert {one.id for one in right.invariants} == INVARIANTS.words.keys()
        unchecked = {one.id for one in right.invariants if not one.finding.checked}
        assert unchecked <= {"I16"}, "nothing is open"
        assert right.worth_knowing == [
            "hard keys sites, users, keywords",
            "monthly key ahrefs_queries",
        ]
        for invariant, what, damage in DAMAGE:
            assert (invariant, what) in broken(await found(tx, topics, damage)), damage

        first, *_, last = said.of("limits.usage.changed")
        twice = first, last, *said.of("team.member.changed")
        assert not broken(await found(tx, Remembered(heard, [*said.sent, *twice])))
        late = first._replace(headers=())
        assert broken(await found(tx, Remembered(heard, [*said.sent, late]))) == {
            ("I11", "a fact was announced after a later one")
        }
