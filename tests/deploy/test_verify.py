"""What an operator can rely on when he asks whether the books are right."""

from collections.abc import Sequence

import msgspec
import pytest

from deploy.local import worker
from deploy.local.environment import KAFKA
from deploy.verify import verify
from shared.contracts.message import Message
from shared.contracts.types import JsonObject
from shared.verifying import BUSY, QUIET
from tests.correcting import adjustment, disputed, freeze, refunded, reversed_, unfreeze
from tests.deploy.conftest import Operator
from tests.deploy.desk import broken, by_one_credit
from tests.deploy.traffic import Stack
from tests.making import ANN, completed, paid, requested, uuid
from tests.running import done, run_completed, run_requested, stage_done

pytestmark = pytest.mark.servers

CLARA = uuid(0xC)
LOOKS, A_ROUND = 4, 200
A_MONTH_SECONDS = 31 * 24 * 60 * 60


async def test_books_after_traffic_of_every_kind_are_right_and_nothing_is_left_lying(
    books: Stack,
) -> None:
    report = await verify(books.environment, ["credits"], QUIET)
    assert broken(report) == set()
    assert report.ok
    assert [invariant.id for invariant in report.invariants] == [
        *("I1", "I2", "I3", "I4", "I5", "I6", "I9", "I10", "I11", "I12", "I15", "I16", "I17")
    ]
    unchecked = {row.id for row in report.invariants if not row.finding.checked}
    assert unchecked <= {"I12"}, "nothing had to be set aside"
    skipped = {row.id for row in report.invariants if row.finding.skipped}
    assert "I15" not in skipped, "every signature can be verified"
    assert report.worth_knowing == ["content_generation(1000, 500) = 15"]


async def test_what_was_signed_stays_signed_where_a_month_end_is_rehearsed(books: Stack) -> None:
    ahead = {**books.environment, "CLOCK_OFFSET": str(A_MONTH_SECONDS)}

    found = broken(await verify(ahead, ["credits"], QUIET))
    assert "I15" not in {identity for identity, _ in found}


async def test_a_busy_system_is_never_wrong_while_it_works(books: Stack) -> None:
    """Looks at the books while messages of every kind come in."""
    await books.tell(paid(1_000_000, CLARA, 3))
    with worker.running("credits", books.environment):
        for first in range(1, LOOKS * A_ROUND, A_ROUND):
            for wave in rounds_of_work(first):
                await books.tell(*wave)
            assert broken(await verify(books.environment, ["credits"], BUSY)) == set()
        await books.applied()
    assert broken(await verify(books.environment, ["credits"], QUIET)) == set()


def rounds_of_work(first: int) -> Sequence[Sequence[Message]]:
    """Operations, runs, refunds and adjustments, with ids from a number on."""
    numbers = range(0x10000 + first, 0x10000 + first + A_ROUND)
    runs, refunds = numbers[::10], numbers[5::10]
    return (
        [
            paid(1_000, CLARA, numbers[0], kind="credit_package", code="pro"),
            *(requested(number, CLARA) for number in numbers),
            *(run_requested(run=run, account=CLARA) for run in runs),
            *(freeze(refund, 10, CLARA) for refund in refunds),
            *(disputed(number, "opened", 5, CLARA) for number in refunds),
        ],
        [
            *(completed(number, CLARA) for number in numbers),
            *(stage_done(1, done(0x20000 + run), run=run, account=CLARA) for run in runs),
            *(refunded(refund, 10, CLARA) for refund in refunds[::2]),
            *(unfreeze(refund, CLARA) for refund in refunds[1::2]),
            *(adjustment(number, 3, CLARA) for number in refunds),
        ],
        [
            *(run_completed(run, CLARA) for run in runs),
            *(reversed_(refund, CLARA) for refund in refunds[::4]),
            *(disputed(number, "won", 5, CLARA) for number in refunds),
        ],
    )


async def test_the_command_says_in_its_exit_status_whether_the_books_are_right(
    books: Stack, keeper: Operator
) -> None:
    right = keeper.calls("verify", "--json", "--quiet-system")
    assert right.returncode == 0
    report: JsonObject = msgspec.json.decode(right.stdout)
    assert report["ok"] is True
    assert report["invariants"][0].keys() == {"id", "service", "ok", "checked", "violations"}

    async with by_one_credit(books):
        wrong = keeper.calls("verify", "--json")
        text = keeper.calls("verify", "--service", "credits")
    assert (wrong.returncode, text.returncode) == (1, 1)
    found = msgspec.json.decode(wrong.stdout)
    assert found["ok"] is False
    assert found["invariants"][0]["violations"][0]["account_id"] == ANN
    assert f"account {ANN}: a balance is not the sum of its entries" in text.stdout
    assert text.stdout.splitlines()[-1].startswith("Broken: I1, I11")


def test_what_is_looked_at_is_told_on_stderr_and_the_results_alone_on_stdout(
    keeper: Operator,
) -> None:
    looked = keeper.calls("verify", "--service", "credits", "--rows-only", "--json")

    assert looked.returncode == 0
    assert "Verifying credits" in looked.stderr.splitlines()
    assert msgspec.json.decode(looked.stdout)["ok"] is True


async def test_rows_alone_are_looked_at_without_kafka_and_prometheus_reads_the_outcome(
    keeper: Operator,
) -> None:
    file = keeper.data.parent / "verify.prom"
    arguments = ("--rows-only", "--json", "--metrics", str(file))
    report = keeper.calls("verify", *arguments, **{KAFKA: "127.0.0.1:9"})
    rows = msgspec.json.decode(report.stdout)["invariants"]
    ids = [row["id"] for row in rows if row["service"] == "credits"]
    assert ids == ["I1", "I2", "I3", "I4", "I5", "I6", "I9", "I10", "I15", "I16", "I17"]
    told = file.read_text()
    assert 'igny8_invariant_violations{invariant="I1",service="credits"} 0.0' in told
    assert "igny8_last_verify_timestamp_seconds" in told
    file.unlink()


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (["--service", "debits"], {}, "debits cannot be verified; there is credits"),
        ([], {KAFKA: "127.0.0.1:9"}, "no Kafka answers at 127.0.0.1:9"),
        ([], {"CREDITS_DATABASE_URL": "limits"}, '" does not exist'),
        ([], {"CLOCK_OFFSET": "soon"}, "CLOCK_OFFSET is no number of seconds: soon"),
        ([], {"CLOCK_OFFSET": "nan"}, "CLOCK_OFFSET is no number of seconds: nan"),
    ],
    ids=["an unknown service", "no Kafka", "a database without tables", "no clock", "no time"],
)
def test_what_cannot_be_verified_is_said_in_one_line(
    books: Stack, keeper: Operator, arguments: list[str], more: dict[str, str], words: str
) -> None:
    if "CREDITS_DATABASE_URL" in more:
        more = {"CREDITS_DATABASE_URL": books.environment["LIMITS_DATABASE_URL"]}
    failed = keeper.calls("verify", *arguments, **more)
    assert failed.returncode == 1
    assert words in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr
