"""Requests and reports of work that no careful client sends, and what must become of each."""

from collections.abc import Mapping

import msgspec

from shared.contracts.credits import (
    ExtensionRequested,
    InvoicePaid,
    OperationCompleted,
    OperationRequested,
)
from shared.contracts.message import Message, encode
from shared.contracts.types import Json
from shared.envelope import Outgoing
from tests import making
from tests.faults import poison
from tests.faults.poison import (
    ODD_HEADERS,
    THIRTY_DIGITS,
    Oddity,
    Poison,
    sent,
    with_fields,
    with_text,
)
from tests.faults.scene import NUMBERS

FAR_AHEAD = "9999-12-31T23:59:59Z"


def request(account: str) -> OperationRequested:
    return making.requested(next(NUMBERS), account)


def report(account: str, **said: Json) -> OperationCompleted:
    return making.completed(next(NUMBERS), account, **said)


def wrong_events(account: str) -> list[Poison]:
    """Nobody waits for an answer to an event."""
    done, paid = report(account), making.paid(10, account, next(NUMBERS))
    line = msgspec.to_builtins(paid.grants[0])
    values: dict[str, tuple[type[Message], bytes]] = {
        "negative tokens": (OperationCompleted, with_fields(done, tokens_input=-5)),
        "tokens of 30 digits": (
            OperationCompleted,
            with_text(done, b'"tokens_input":' + THIRTY_DIGITS),
        ),
        "NUL in a model": (OperationCompleted, with_fields(done, model_used="gpt\x00")),
        "work that nobody can price": (
            OperationCompleted,
            encode(report(account, operation_type="telepathy")),
        ),
        "a list": (OperationCompleted, b"[]"),
        "negative grant": (InvoicePaid, with_fields(paid, grants=[line | {"credits": -10}])),
        "half a credit": (InvoicePaid, with_fields(paid, grants=[line | {"credits": 10.5}])),
        "another tenant's invoice": (InvoicePaid, with_fields(paid, account_id=making.BOB)),
    }
    return [
        Poison(name, account, message.topic, value, "invalid")
        for name, (message, value) in values.items()
    ]


def wrong_requests(account: str, another: str) -> list[Poison]:
    """Who asks is told which field to mend."""
    good = request(account)
    values: dict[str, tuple[bytes, str]] = {
        "negative amount": (with_fields(good, estimate={"words": -1}), "estimate.words"),
        "half a word": (with_fields(good, estimate={"words": 1.5}), "estimate.words"),
        "30 digits": (
            with_text(good, b'"estimate":{"words":' + THIRTY_DIGITS + b"}"),
            "estimate.words",
        ),
        "beyond a double": (with_text(good, b'"hold_ttl_s":1e999'), "hold_ttl_s"),
        "NUL": (with_fields(good, user_id="a\x00b"), "user_id"),
        "unknown word": (with_fields(good, source="magic"), "source"),
        "another tenant's id": (with_fields(good, account_id=another), "account_id"),
        "no account": (with_fields(good, account_id=None), "account_id"),
        "no id": (with_fields(good, operation_id="x" * 1000), "operation_id"),
        "null": (b"null", ""),
        "a number": (b"7", ""),
    }
    return [
        Poison(name, account, OperationRequested.topic, value, "invalid", [path])
        for name, (value, path) in values.items()
    ]


def unknown_things(account: str, strange_operation: str) -> list[Poison]:
    """What can be read and is not there."""
    longer = ExtensionRequested(account_id=account, operation_id=strange_operation, extend_s=7200)
    asked = OperationRequested.topic
    telepathy = with_fields(request(account), operation_type="telepathy")
    return [
        Poison("unknown type", account, asked, telepathy, "operation.unknown", ()),
        Poison(
            "another's hold", account, ExtensionRequested.topic, encode(longer), "not.found", ()
        ),
    ]


def every_kind(
    account: str, another: str, strange_operation: str, environment: Mapping[str, str]
) -> list[Poison]:
    good = request(account)
    return [
        *poison.unreadable(good, b"user_id", b"stage"),
        *poison.misnamed(good),
        *wrong_events(account),
        *wrong_requests(account, another),
        *unknown_things(account, strange_operation),
        *poison.strangers(good, another, "editor", "viewer", environment),
    ]


def oddities(account: str) -> list[Oddity]:
    """Odd requests for articles; and what was written is reported as of a day far ahead."""
    twice = b'"hold_ttl_s":1,"hold_ttl_s":600'
    odd = poison.odd_requests(lambda number: making.requested(number, account), twice)
    return [one._replace(reports=[report_of(one)]) for one in odd]


def report_of(odd: Oddity) -> Outgoing:
    done = making.completed(0, poison.owner_of(odd.asked), completed_at=FAR_AHEAD)
    value = with_fields(done, operation_id=odd.asked.subject)
    return sent(OperationCompleted.topic, poison.owner_of(odd.asked), value, ODD_HEADERS)
