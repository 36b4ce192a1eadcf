"""Reading is total: whatever bytes come, each record has a fate and its neighbours are unharmed.

What may never happen:

1. Bytes of a key, a value or a header make reading, or telling what was read, raise.
2. A record vanishes: none is without a message, a refusal or a reason to be set aside.
3. What is wrong with one record changes what another one says.
4. Whoever is told `invalid` is not told which field, or an event is answered.
5. What is set aside is not what came.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs

from shared.contracts.message import Event, Message, Request
from shared.contracts.replies import REPLY_TOPICS
from shared.envelope import Outgoing, Postmark
from shared.kafka import Letter, Reason, Refused, Unreadable
from shared.offsets import BECAME
from shared.telling import Told, tell
from shared.tracing import links
from tests import making
from tests.making import NOW_MILLISECONDS, PARTITIONS
from tests.recorder import Sent, sent
from tests.shared.scraps import ASKING, OTHERS, POLLS, SAID, TYPES, Scrap, reader, token

NOW = datetime.fromtimestamp(NOW_MILLISECONDS / 1000, UTC)
ANSWERED_IN = {message.answer.topic for message in TYPES if issubclass(message, Request)}
FORMS = {message.topic: message for message in TYPES}

total = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def read(poll: Sequence[Scrap]) -> list[Letter]:
    return reader().read_all([scrap.record for scrap in poll])


def told_of(letter: Letter) -> tuple[str, list[Outgoing]]:
    """What becomes of a letter that no rule has anything to say about."""
    told = Told(Postmark("credits", NOW, PARTITIONS))
    with capture_logs():
        became = tell(told, letter, NOW, lambda _: ())
    return became, told.records


@total
@given(POLLS)
def test_each_record_becomes_a_message_a_refusal_or_a_dead_letter(poll: Sequence[Scrap]) -> None:
    letters = read(poll)

    assert [letter.record for letter in letters] == [scrap.record for scrap in poll]
    for letter in letters:
        assert_has_a_fate(letter)


def assert_has_a_fate(letter: Letter) -> None:
    form, content = FORMS[letter.record.topic], letter.content
    if isinstance(content, Unreadable):
        assert content.reason in get_args(Reason)
    elif isinstance(content, Refused):
        assert content.command is form
        assert not issubclass(form, Event)
        problems = content.error.fields or ()
        assert bool(problems) == (content.error.code == "invalid")
        assert all(problem.reason for problem in problems)
    else:
        assert isinstance(content, form)


@total
@given(POLLS)
def test_what_is_wrong_with_a_record_changes_nothing_about_its_neighbours(
    poll: Sequence[Scrap],
) -> None:
    for scrap, letter in zip(poll, read(poll), strict=True):
        assert scrap.meant is None or letter.content == scrap.meant
        assert letter.content == reader().read(scrap.record).content


@total
@given(POLLS)
def test_each_record_is_told_of_in_records_that_others_can_read(poll: Sequence[Scrap]) -> None:
    letters = read(poll)
    assert len(links(letters)) <= len(letters)
    for letter in letters:
        content = letter.content
        became, records = told_of(letter)
        assert became in BECAME
        assert_told(letter, content, sent(records))


@pytest.mark.parametrize("name", [*ASKING, *OTHERS])
def test_whatever_one_header_says_the_record_has_a_fate(name: str) -> None:
    asked = making.requested(1)
    shown = ("actor", token("editor"))
    for said in (*SAID, None):
        for headers in ([(name, said)], [shown, (name, said)]):
            letter = reader().read(making.record(asked, headers))
            assert_has_a_fate(letter)
            content = letter.content
            assert_told(letter, content, sent(told_of(letter)[1]))


def assert_told(letter: Letter, content: object, told: Sequence[Sent]) -> None:
    """A message that no rule minds is not told of, unless it came too late."""
    if isinstance(content, Message):
        assert all(is_an_answer(one) for one in told)
        return
    (one,) = told
    if isinstance(content, Refused):
        assert is_an_answer(one)
        assert one.said["error"]["code"] == content.error.code
        return
    assert isinstance(content, Unreadable)
    assert (one.key, one.value) == (letter.record.key, letter.record.value)
    assert one.topic == f"{letter.record.topic}.dlq"
    assert one.header("dlq_reason") == content.reason.encode()
    assert one.header("dlq_offset") == b"%d" % letter.record.offset
    came = [pair for pair in letter.record.headers if not pair[0].startswith("dlq_")]
    assert [pair for pair in one.headers if not pair[0].startswith("dlq_")] == came


def is_an_answer(one: Sent) -> bool:
    return one.topic in ANSWERED_IN | set(REPLY_TOPICS) and one.said["status"] == "error"
