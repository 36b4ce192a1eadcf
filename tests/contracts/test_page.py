"""Names, keys, fields, defaults and who may write: as the page of payloads has them."""

import re
from collections.abc import Mapping

import msgspec
import pytest

from shared.contracts import credits as contract
from shared.contracts.access import in_words
from shared.contracts.asking import Page
from shared.contracts.catalogue import PACKAGES, PLANS
from shared.contracts.credits.queries import QUESTIONS
from shared.contracts.message import Message, Reply, Request
from shared.contracts.operating import Alert
from tests.contracts import page

MESSAGES: Mapping[str, type[Message]] = {
    message.topic: message for message in (*contract.OBEYED, *contract.QUERIES, *contract.ANNOUNCED)
}
LINES = {**page.REQUESTS, **page.REPORTS, **page.OF_INVOICING, **page.REPLIES, **page.FACTS}
ABSENT: object = None


def as_on_the_page(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return field.encode_name
    if field.default is ABSENT:
        return f"{field.encode_name}?"
    if isinstance(field.default, Page):
        return field.encode_name
    said = field.default if isinstance(field.default, str) else msgspec.json.encode(field.default)
    return f"{field.encode_name}={said if isinstance(said, str) else said.decode()}"


def fields_of(struct: type[msgspec.Struct]) -> set[str]:
    return {as_on_the_page(field) for field in msgspec.structs.fields(struct)}


def test_every_topic_of_credits_has_one_message_under_its_name() -> None:
    assert MESSAGES.keys() == LINES.keys()
    assert len({message.topic for message in contract.ANNOUNCED}) == len(contract.ANNOUNCED)


def test_what_is_obeyed_asked_and_announced_is_what_the_page_says() -> None:
    obeyed = page.REQUESTS.keys() | page.REPORTS.keys() | page.OF_INVOICING.keys()
    queries = {"credits.query.requested"}
    assert {message.topic for message in contract.QUERIES} == queries
    assert {message.topic for message in contract.OBEYED} == obeyed - queries
    assert {m.topic for m in contract.ANNOUNCED} == page.REPLIES.keys() | page.FACTS.keys()


def test_names_are_lower_case_words_joined_by_dots() -> None:
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)+", topic) for topic in MESSAGES)


@pytest.mark.parametrize("topic", sorted({**page.REQUESTS, **page.REPORTS, **page.FACTS}))
def test_fields_and_defaults_are_those_of_the_page(topic: str) -> None:
    assert fields_of(MESSAGES[topic]) == set(LINES[topic].fields.split())


@pytest.mark.parametrize("topic", sorted(page.OF_INVOICING))
def test_of_what_invoicing_says_only_what_rules_use_must_be_there(topic: str) -> None:
    needed = {f.encode_name for f in msgspec.structs.fields(MESSAGES[topic]) if f.required}
    assert needed == set(LINES[topic].fields.split())


@pytest.mark.parametrize("name", sorted(page.SHAPES))
def test_shapes_have_the_fields_of_the_page(name: str) -> None:
    assert fields_of(getattr(contract, name)) == set(page.SHAPES[name].split())


def test_plans_and_packages_are_sent_whole_also_where_a_field_is_its_default() -> None:
    assert msgspec.to_builtins(PLANS[0]).keys() == set(page.PLAN.split())
    assert msgspec.to_builtins(PACKAGES[0]).keys() == set(page.PACKAGE.split())


def test_an_alert_is_listed_with_the_time_at_which_it_was_read() -> None:
    assert fields_of(Alert) == fields_of(MESSAGES["alert.raised"]) | {"read_at?"}


@pytest.mark.parametrize("topic", sorted(page.REPLIES))
def test_every_request_is_answered_under_its_own_name(topic: str) -> None:
    request = MESSAGES[topic.replace(".replied", ".requested")]
    assert issubclass(request, Request)
    assert request.answer is MESSAGES[topic]
    assert issubclass(request.answer, Reply)
    assert fields_of(request.answer) == set(page.REPLY.split())


@pytest.mark.parametrize("topic", sorted(page.ANSWERS))
def test_an_ok_says_what_the_page_says(topic: str) -> None:
    data = msgspec.structs.fields(MESSAGES[topic])
    (kind,) = (field.type for field in data if field.name == "data")
    (answer,) = (one for one in kind.__args__ if one is not type(None))
    assert fields_of(answer) == set(page.ANSWERS[topic].split())


@pytest.mark.parametrize("topic", sorted(LINES))
def test_key_and_writers_are_those_of_the_page(topic: str) -> None:
    message, line = MESSAGES[topic], LINES[topic]
    if topic not in page.REPLIES:
        assert message.keyed_by == line.key
    assert message.is_compacted == line.is_compacted
    assert in_words(message.who) == line.who


def test_only_account_opened_is_kept_for_ever() -> None:
    assert {t for t, m in MESSAGES.items() if m.is_kept_for_ever} == {"account.opened"}


@pytest.mark.parametrize("topic", sorted(MESSAGES))
def test_every_message_has_a_subject_of_its_own(topic: str) -> None:
    assert MESSAGES[topic].subject is not Message.subject


def test_queries_are_those_of_the_page() -> None:
    assert QUESTIONS.keys() == page.QUERIES.keys()
    assert {
        asked.query for asked in QUESTIONS.values() if asked.is_for_all_accounts
    } == page.FOR_ALL_ACCOUNTS


@pytest.mark.parametrize("query", sorted(page.QUERIES))
def test_parameters_and_askers_of_a_query_are_those_of_the_page(query: str) -> None:
    who, params = page.QUERIES[query]
    assert in_words(QUESTIONS[query].who) == who
    assert fields_of(QUESTIONS[query]) == set(params.split())


def test_causes_are_read_before_their_effects() -> None:
    order = [message.topic for message in contract.OBEYED]
    for cause, effect in (
        ("plan.updated", "account.opened"),
        ("account.opened", "account.status.changed"),
        ("subscription.state.changed", "invoice.paid"),
        ("cost.config.update.requested", "ai.operation.requested"),
        ("model.price.update.requested", "ai.operation.requested"),
        ("invoice.paid", "ai.operation.requested"),
        ("invoice.paid", "credits.freeze.requested"),
        ("credits.freeze.requested", "credits.freeze.released"),
        ("credits.freeze.requested", "payment.refunded"),
        ("payment.refunded", "payment.refund.reversed"),
        ("automation.run.requested", "ai.operation.requested"),
        ("ai.operation.requested", "ai.operation.extension.requested"),
        ("ai.operation.extension.requested", "ai.operation.completed"),
        ("ai.operation.completed", "ai.operation.failed"),
        ("ai.operation.completed", "automation.stage.completed"),
        ("automation.stage.completed", "automation.stage.failed"),
        ("automation.stage.completed", "automation.run.completed"),
    ):
        assert order.index(cause) < order.index(effect), (cause, effect)
