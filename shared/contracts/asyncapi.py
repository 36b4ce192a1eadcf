"""The AsyncAPI 3.0.0 document, from the structs: every topic with its payload, key and settings."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from shared.contracts import headers
from shared.contracts.access import in_words
from shared.contracts.asking import Params
from shared.contracts.message import Message, Reply, Request
from shared.contracts.services import Service
from shared.contracts.topics import (
    LOCAL_PARTITIONS,
    Topic,
    config,
    dead_letters_of,
    of,
    reply_topics,
)
from shared.contracts.types import IS_UUID, Json, JsonObject

ASYNCAPI_VERSION = "3.0.0"
KAFKA_BINDING_VERSION = "0.5.0"
SCHEMA = "#/components/schemas/{name}"
CORRELATION = {"location": "$message.header#/correlation_id"}
ANSWERS = "reply"  # The channel without an address: wherever the asker wants its answer.
PARTITIONS = (
    "As many partitions as divide 64, the same for every topic keyed by account; "
    f"{LOCAL_PARTITIONS} in the local stack."
)
KEYS: dict[str, JsonObject] = {
    "account": {"type": "string", "pattern": IS_UUID, "description": "account_id"},
    "code": {"type": "string", "description": "the code of the row"},
    "source": {"type": "string", "description": "the source"},
    "service": {"type": "string", "description": "the service's name"},
    "event": {"type": "string", "description": "the account, where it is known; not judged"},
}
INFO: JsonObject = {
    "title": "IGNY8",
    "version": "1",
    "description": (
        "The only way in and out: who tells whom what. A field that has a default, or is not "
        "required, may be absent or null; unknown fields are ignored."
    ),
}


def document(services: Sequence[Service]) -> JsonObject:
    """Describe what the services receive and send."""
    messages = sorted(messages_of(services), key=lambda message: message.topic)
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": INFO,
        "defaultContentType": "application/json",
        "channels": {**dict(channels(messages, services)), ANSWERS: answers(messages)},
        "operations": dict(operations(services)),
        "components": {
            "messages": {
                **{message.__name__: describe(message, services) for message in messages},
                "DeadLetter": DEAD_LETTER,
            },
            "schemas": schemas(messages, services) | headers.SCHEMAS,
        },
    }


def messages_of(services: Iterable[Service]) -> set[type[Message]]:
    return {message for service in services for message in (*service.read, *service.announced)}


def channels(
    messages: Iterable[type[Message]], services: Sequence[Service]
) -> Iterator[tuple[str, JsonObject]]:
    """A channel a topic, with the dead letters of what is read, and the topics of replies."""
    read = {message for service in services for message in service.read}
    for message in messages:
        yield message.topic, channel(of(message), [message.__name__])
        if message in read:
            dead = dead_letters_of(of(message))
            yield dead.name, channel(dead, ["DeadLetter"])
    replies = [message.__name__ for message in messages if issubclass(message, Reply)]
    for topic in sorted(reply_topics()):
        yield topic.name, channel(topic, replies)


def channel(topic: Topic, names: Iterable[str]) -> JsonObject:
    return {
        "address": topic.name,
        "description": PARTITIONS,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": LOCAL_PARTITIONS,
                "topicConfiguration": settings(topic),
                "bindingVersion": KAFKA_BINDING_VERSION,
            }
        },
    }


def settings(topic: Topic) -> JsonObject:
    """A topic's configuration, typed as the binding wants it."""
    told: JsonObject = dict(config(topic))
    for name in {"retention.ms", "max.message.bytes"} & told.keys():
        told[name] = int(told[name])
    return told | {"cleanup.policy": [told["cleanup.policy"]]}


def answers(messages: Iterable[type[Message]]) -> JsonObject:
    names = [message.__name__ for message in messages if issubclass(message, Reply)]
    return {
        "address": None,
        "description": "The topic in `reply_to`, else the request's own `.replied` topic.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def describe(message: type[Message], services: Iterable[Service]) -> JsonObject:
    """A message with its key, its headers and who may write it."""
    said = {
        "name": message.topic,
        "title": message.__name__,
        "summary": summary(message),
        "headers": {"$ref": SCHEMA.format(name=headers.schema_of(message, services))},
        "payload": {"$ref": SCHEMA.format(name=message.__name__)},
        "bindings": {
            "kafka": {"key": KEYS[message.keyed_by], "bindingVersion": KAFKA_BINDING_VERSION}
        },
    }
    if issubclass(message, Request | Reply):
        said["correlationId"] = CORRELATION
    return said


def summary(message: type[Message]) -> str:
    said = message.__doc__ or f"The answer to {message.topic.removesuffix('.replied')}.requested."
    return said.split("\n")[0]


DEAD_LETTER: JsonObject = {
    "name": "dead.letter",
    "title": "DeadLetter",
    "summary": "A record that could not be read, with its bytes, key and headers as they came.",
    "contentType": "application/octet-stream",
    "headers": {"$ref": SCHEMA.format(name="DeadLetterHeaders")},
    "payload": {"description": "The original value."},
}


def operations(services: Iterable[Service]) -> Iterator[tuple[str, JsonObject]]:
    """What each service receives and sends."""
    for service in services:
        for message in service.read:
            yield f"{service.name}.receives.{message.topic}", receives(message)
        for message in service.announced:
            yield f"{service.name}.sends.{message.topic}", sends(message)


def receives(message: type[Message]) -> JsonObject:
    operation: JsonObject = {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{message.topic}"},
        "description": f"Who: {in_words(message.who)}.",
    }
    if issubclass(message, Request):
        operation["reply"] = {
            "address": {"location": "$message.header#/reply_to"},
            "channel": {"$ref": f"#/channels/{ANSWERS}"},
            "messages": [{"$ref": f"#/channels/{ANSWERS}/messages/{message.answer.__name__}"}],
        }
    return operation


def sends(message: type[Message]) -> JsonObject:
    return {"action": "send", "channel": {"$ref": f"#/channels/{message.topic}"}}


def schemas(messages: Sequence[type[Message]], services: Iterable[Service]) -> JsonObject:
    """Every struct's JSON Schema; a query's parameters and answer are those of what is asked."""
    asked = [params for service in services for params in service.asked]
    types = [*messages, *asked, *(params.answer for params in asked)]
    _, components = msgspec.json.schema_components(types, ref_template=SCHEMA)
    for service in services:
        for query in service.queries:
            components[query.__name__] |= {"oneOf": [question(one) for one in service.asked]}
            answer = components[query.answer.__name__]["properties"]
            answer["data"] = {"anyOf": [reference(one.answer) for one in service.asked]}
    return dict(sorted(components.items()))


def question(params: type[Params]) -> JsonObject:
    """One of the things that a query can ask, and who may."""
    return {
        "title": params.query,
        "description": f"Who: {in_words(params.who)}. Answer: {params.answer.__name__}.",
        "properties": {"query": {"const": params.query}, "params": reference(params)},
    }


def reference(struct: type[msgspec.Struct]) -> Json:
    return {"$ref": SCHEMA.format(name=struct.__name__)}
