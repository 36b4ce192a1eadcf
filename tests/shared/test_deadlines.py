"""A command with `ttl_ms` is done in time or not at all, by the broker's clock and ours."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.envelope import Postmark
from shared.telling import Told, tell
from tests import making

TAKEN = datetime.fromtimestamp(making.NOW_MILLISECONDS / 1000, UTC)
A_MONTH = timedelta(days=30).total_seconds()


@pytest.mark.parametrize(
    ("ttl", "waited", "is_done"),
    [
        (b"6000", 5.9, True),
        (b"6000", 6.1, False),
        (b"86400000", 86_399, True),
        (b"0", 60, True),  # No number that counts: as if absent.
        (b"86400001", 90_000, True),
        (b"soon", 60, True),
        (None, 60, True),
    ],
)
@pytest.mark.parametrize("clock_offset", [0, A_MONTH, -A_MONTH])
def test_a_command_is_done_within_its_time_or_never(
    ttl: bytes | None, waited: float, clock_offset: float, *, is_done: bool
) -> None:
    now = TAKEN + timedelta(seconds=waited + clock_offset)
    told = Told(Postmark("credits", now, making.PARTITIONS), clock_offset)
    command = making.letter(making.requested(1), {} if ttl is None else {"ttl_ms": ttl})
    became = tell(told, command, now, lambda _: [])
    assert became == ("duplicate" if is_done else "refused")
