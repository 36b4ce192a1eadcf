"""Names, keys, fields, defaults and who may write: as the page of payloads has them."""

import re
from collections.abc import Mapping

import msgspec
import pytest

from shared.contracts import credits, limits
from shared.contracts.access import in_words
from shared.contracts.asking import Page
from shared.contracts.catalogue import PACKAGES, PLANS
from shared.contracts.credits.queries import QUESTIONS as ASKED_OF_CREDITS
from shared.contracts.limits.queries import QUESTIONS as ASKED_OF_LIMITS
from shared.contracts.message import Message, Reply, Request
from shared.contracts.operating import Alert
from shared.contracts.services import CREDITS, LIMITS, SERVICES, Service
from tests.contracts import page, page_of_limits

MESSAGES: Mapping[str, type[Message]] = {
    message.topic: message
    for service in SERVICES
    for message in (*service.read, *service.announced)
}
PAGES = {CREDITS.name: page, LIMITS.name: page_of_limits}
REQUESTS = {**page.REQUESTS, **page_of_limits.REQUESTS}
REPORTS = {**page.REPORTS, **page_of_limits.REPORTS}
OF_OTHERS = {**page.OF_OTHERS, **page_of_limits.OF_OTHERS}
REPLIES = {**page.REPLIES, **page_of_limits.REPLIES}
FACTS = {**page.FACTS, **page_of_limits.FACTS}
ANSWERS = {**page.ANSWERS, **page_of_limits.ANSWERS}
LINES = {**REQUESTS, **REPORTS, **OF_OTHERS, **REPLIES, **FACTS}
QUESTIONS = {**ASKED_OF_CREDITS, **ASKED_OF_LIMITS}
QUERIES = {**page.QUERIES, **page_of_limits.QUERIES}
SHAPES = [
    *((getattr(credits, name), fields) for name, fields in page.SHAPES.items()),
    *((getattr(limits, name), fields) for name, fields in page_of_limits.SHAPES.items()),
]
ABSENT: object = None
of_each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


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


def test_every_topic_has_one_message_under_its_name() -> None:
    assert MESSAGES.keys() == LINES.keys()
    for service in SERVICES:
        assert len({message.topic for message in service.announced}) == len(service.announced)
        assert all(MESSAGES[m.topic] is m for m in (*service.read, *service.announced))


@of_each_service
def test_what_is_obeyed_asked_and_announced_is_what_the_page_says(service: Service) -> None:
    said = PAGES[service.name]
    obeyed = said.REQUESTS.keys() | said.REPORTS.keys() | said.OF_OTHERS.keys()
    queries = {f"{service.name}.query.requested"}
    assert {message.topic for message in service.queries} == queries
    assert {message.topic for message in service.obeyed} == obeyed - queries
    assert {m.topic for m in service.announced} == said.REPLIES.keys() | said.FACTS.keys()


def test_limits_reads_the_credits_that_stand_beside_its_answers_and_never_obeys_them() -> None:
    assert [message.topic for message in LIMITS.watched] == ["credits.balance.changed"]
    assert not set(LIMITS.watched) & set(LIMITS.obeyed)


def test_names_are_lower_case_words_joined_by_dots() -> None:
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)+", topic) for topic in MESSAGES)


@pytest.mark.parametrize("topic", sorted({**REQUESTS, **REPORTS, **FACTS}))
def test_fields_and_defaults_are_those_of_the_page(topic: str) -> None:
    assert fields_of(MESSAGES[topic]) == set(LINES[topic].fields.split())


@pytest.mark.parametrize("topic", sorted(OF_OTHERS))
def test_of_what_others_say_only_what_rules_use_must_be_there(topic: str) -> None:
    needed = {f.encode_name for f in msgspec.structs.fields(MESSAGES[topic]) if f.required}
    assert needed == set(LINES[topic].fields.split())


@pytest.mark.parametrize(("shape", "fields"), SHAPES, ids=lambda one: getattr(one, "__name__", ""))
def test_shapes_have_the_fields_of_the_page(shape: type[msgspec.Struct], fields: str) -> None:
    assert fields_of(shape) == set(fields.split())


def test_plans_and_packages_are_sent_whole_also_where_a_field_is_its_default() -> None:
    assert msgspec.to_builtins(PLANS[0]).keys() == set(page.PLAN.split())
    assert msgspec.to_builtins(PACKAGES[0]).keys() == set(page.PACKAGE.split())


def test_an_alert_is_listed_with_the_time_at_which_it_was_read() -> None:
    assert fields_of(Alert) == fields_of(MESSAGES["alert.raised"]) | {"read_at?"}


@pytest.mark.parametrize("topic", sorted(REPLIES))
def test_every_request_is_answered_under_its_own_name(topic: str) -> None:
    request = MESSAGES[topic.replace(".replied", ".requested")]
    assert issubclass(request, Request)
    assert request.answer is MESSAGES[topic]
    assert issubclass(request.answer, Reply)
    assert fields_of(request.answer) == set(page.REPLY.split())


@pytest.mark.parametrize("topic", sorted(ANSWERS))
def test_an_ok_says_what_the_page_says(topic: str) -> None:
    data = msgspec.structs.fields(MESSAGES[topic])
    (kind,) = (field.type for field in data if field.name == "data")
    (answer,) = (one for one in kind.__args__ if one is not type(None))
    assert fields_of(answer) == set(ANSWERS[topic].split())


@pytest.mark.parametrize("topic", sorted(LINES))
def test_key_and_writers_are_those_of_the_page(topic: str) -> None:
    message, line = MESSAGES[topic], LINES[topic]
    if topic not in REPLIES:
        assert message.keyed_by == line.key
    assert message.is_compacted == line.is_compacted
    assert in_words(message.who) == line.who


def test_only_account_opened_is_kept_for_ever() -> None:
    assert {t for t, m in MESSAGES.items() if m.is_kept_for_ever} == {"account.opened"}


@pytest.mark.parametrize("topic", sorted(MESSAGES))
def test_every_message_has_a_subject_of_its_own(topic: str) -> None:
    assert MESSAGES[topic].subject is not Message.subject


@of_each_service
def test_queries_are_those_of_the_page(service: Service) -> None:
    said = PAGES[service.name]
    assert {asked.query for asked in service.asked} == said.QUERIES.keys()
    for_all = {asked.query for asked in service.asked if asked.is_for_all_accounts}
    assert for_all == said.FOR_ALL_ACCOUNTS


@pytest.mark.parametrize("query", sorted(QUERIES))
def test_parameters_and_askers_of_a_query_are_those_of_the_page(query: str) -> None:
    who, params = QUERIES[query]
    assert in_words(QUESTIONS[query].who) == who
    assert fields_of(QUESTIONS[query]) == set(params.split())


CAUSES_AND_EFFECTS = {
    CREDITS.name: (
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
    ),
    LIMITS.name: (
        ("plan.updated", "account.opened"),
        ("account.opened", "subscription.state.changed"),
        ("account.opened", "team.invite.requested"),
        ("subscription.state.changed", "site.creation.requested"),
        ("limits.override.update.requested", "site.creation.requested"),
        ("site.creation.requested", "site.created"),
        ("site.creation.requested", "site.creation.failed"),
        ("site.created", "site.deleted"),
        ("team.invite.requested", "team.invite.accepted"),
        ("team.invite.accepted", "team.invite.expired"),
        ("team.invite.accepted", "account.ownership.transfer.requested"),
        ("account.ownership.transfer.requested", "team.member.remove.requested"),
        ("limits.hold.requested", "limits.hold.confirmed"),
        ("limits.hold.confirmed", "limits.hold.released"),
        ("limits.hold.confirmed", "keyword.deleted"),
    ),
}


@of_each_service
def test_causes_are_read_before_their_effects(service: Service) -> None:
    order = [message.topic for message in service.obeyed]
    for cause, effect in CAUSES_AND_EFFECTS[service.name]:
        assert order.index(cause) < order.index(effect), (cause, effect)
