"""How the broker is told to keep each topic."""

from shared.contracts.message import Reply
from shared.contracts.services import SERVICES
from shared.contracts.topics import FOR_EVER, TOPICS, Topic, config
from tests.contracts.test_page import LINES

DAY_MS = 86_400_000
NAMED = {topic.name: topic for topic in TOPICS}
READ = {message.topic for service in SERVICES for message in service.read}
ANNOUNCED = {message for service in SERVICES for message in service.announced}


def test_every_topic_stands_once_and_dead_letters_are_those_of_what_is_read() -> None:
    named = {
        *LINES,
        *(f"{topic}.dlq" for topic in READ),
        "replies.web",
        "replies.pipeline",
        "replies.ops",
    }
    assert NAMED.keys() == named
    assert len(TOPICS) == len(named)


def test_the_broker_stamps_every_record_and_takes_the_largest() -> None:
    for topic in TOPICS:
        assert config(topic)["message.timestamp.type"] == "LogAppendTime"
        assert int(config(topic)["max.message.bytes"]) > 4 * 1024 * 1024


def test_states_and_catalogues_are_compacted_and_never_too_old() -> None:
    compacted = {topic.name for topic in TOPICS if topic.is_compacted}
    assert compacted == {
        "credits.balance.changed",
        "limits.usage.changed",
        "subscription.state.changed",
        "plan.updated",
        "credit.package.updated",
        "cost.config.updated",
        "model.price.updated",
    }
    for name in compacted:
        assert config(NAMED[name])["cleanup.policy"] == "compact"
        assert "retention.ms" not in config(NAMED[name])


def test_accounts_and_dead_letters_are_kept_for_ever() -> None:
    kept = {topic.name for topic in TOPICS if topic.retention_ms == FOR_EVER}
    assert kept == {"account.opened"} | {name for name in NAMED if name.endswith(".dlq")}


def test_answers_are_kept_for_a_day_and_all_else_for_30() -> None:
    answers = {message.topic for message in ANNOUNCED if issubclass(message, Reply)}
    for name in answers | {"replies.web", "replies.pipeline", "replies.ops"}:
        assert config(NAMED[name])["retention.ms"] == str(DAY_MS)
    assert config(NAMED["ai.operation.requested"])["retention.ms"] == str(30 * DAY_MS)


def test_a_dead_letter_keeps_the_key_of_what_it_was() -> None:
    assert NAMED["plan.updated.dlq"] == Topic(
        "plan.updated.dlq", "code", is_compacted=False, retention_ms=FOR_EVER
    )
