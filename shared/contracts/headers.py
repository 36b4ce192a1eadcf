"""The headers of records (`payloads.md` 2), as the AsyncAPI document describes them."""

from collections.abc import Iterable, Mapping

from shared.contracts.message import Message, Request
from shared.contracts.replies import REPLY_TOPICS
from shared.contracts.services import Service
from shared.contracts.types import JsonObject

TEXT: JsonObject = {"type": "string"}
WHOLE_NUMBER: JsonObject = {"type": "string", "pattern": r"^\d+$"}

TRACE: Mapping[str, JsonObject] = {
    "traceparent": {"type": "string", "description": "W3C trace context"},
}
CLOUD_EVENT: Mapping[str, JsonObject] = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {"type": "string", "description": "the same for a repeat"},
    "ce_type": {"type": "string", "description": "the topic's name"},
    "ce_source": {"type": "string", "description": "as /igny8/credits"},
    "ce_time": {"type": "string", "description": "RFC 3339, UTC, milliseconds"},
    "ce_subject": {"type": "string", "description": "the record's own natural key"},
    "content-type": {"type": "string", "const": "application/json"},
    "correlation_id": {"type": "string", "description": "the request's, else its natural key"},
    "causation_id": {
        "type": "string",
        "description": "ce_id or topic:partition:offset of the cause",
    },
    **TRACE,
}
ASKING: Mapping[str, JsonObject] = {
    "correlation_id": {"type": "string", "description": "default: the natural key"},
    "reply_to": {
        "type": "string",
        "enum": list(REPLY_TOPICS),
        "description": "another topic is as if absent",
    },
    "reply_partition": {**WHOLE_NUMBER, "description": "one out of range is as if absent"},
    "actor": {"type": "string", "description": "compact JWS (EdDSA) of whoever asks"},
    "ttl_ms": {**WHOLE_NUMBER, "description": "1 to 86400000; read later: unavailable"},
}
DEAD: Mapping[str, JsonObject] = {
    "dlq_reason": {"type": "string", "enum": ["undecodable", "too_large", "invalid", "database"]},
    "dlq_topic": TEXT,
    "dlq_partition": WHOLE_NUMBER,
    "dlq_offset": WHOLE_NUMBER,
    "dlq_at": {"type": "string", "description": "RFC 3339, UTC, milliseconds"},
    "dlq_timestamp": {**WHOLE_NUMBER, "description": "the broker's, of the original"},
}


def optional(properties: Mapping[str, JsonObject], description: str) -> JsonObject:
    return {"type": "object", "description": description, "properties": dict(properties)}


def required(properties: Mapping[str, JsonObject], description: str) -> JsonObject:
    return {**optional(properties, description), "required": sorted(properties)}


SCHEMAS: JsonObject = {
    "RequestHeaders": optional({**ASKING, **TRACE}, "On requests; others are not judged."),
    "ReportHeaders": optional(TRACE, "On what others report; none is needed, none is judged."),
    "SentHeaders": required(
        CLOUD_EVENT, "On everything that is sent: CloudEvents 1.0, binary mode."
    ),
    "DeadLetterHeaders": required(DEAD, "Beside the headers of the original."),
}


def schema_of(message: type[Message], services: Iterable[Service]) -> str:
    """Which of the schemas a message's headers have."""
    if issubclass(message, Request):
        return "RequestHeaders"
    if any(message in service.announced for service in services):
        return "SentHeaders"
    return "ReportHeaders"
