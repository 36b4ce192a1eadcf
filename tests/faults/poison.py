"""Records that no careful client sends, and what must become of each of them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.actor import Actor, private_key_of, sign
from shared.contracts.credits import (
    ExtensionRequested,
    InvoicePaid,
    OperationCompleted,
    OperationRequested,
)
from shared.contracts.message import Message, encode
from shared.contracts.types import Json, Role
from shared.envelope import Outgoing
from shared.lanes import lane_of
from shared.wire import Header, header, stamped
from tests import making
from tests.faults.scene import NUMBERS
from tests.making import PARTITIONS

Headers: TypeAlias = Sequence[Header]

MEBIBYTE = 1024 * 1024
ODD_HEADERS: Headers = (("trace", b"\xff\xfe"), ("nothing", None), ("trace", b"twice"))
THIRTY_DIGITS = b"9" * 30


class Poison(NamedTuple):
    """A record, and its fate: why it is set aside, or how it is answered and for which fields."""

    name: str
    account: str
    topic: str
    value: bytes | None
    fate: str
    paths: Sequence[str] | None = None  # None: it is set aside.
    actors: Sequence[bytes | None] = ()
    more: Headers = ()

    @property
    def mark(self) -> bytes:
        """By which its answer or its dead letter is found again."""
        return f"{self.name} of {self.account}".encode()

    @property
    def headers(self) -> Headers:
        asking = (("correlation_id", self.mark), ("reply_to", b"replies.ops"))
        actors = (("actor", token) for token in self.actors)
        return (*asking, *ODD_HEADERS, *actors, *self.more)

    @property
    def outgoing(self) -> Outgoing:
        return sent(self.topic, self.account, self.value, self.headers)

    @property
    def is_set_aside(self) -> bool:
        return self.paths is None


def sent(topic: str, account: str, value: bytes | None, headers: Headers = ()) -> Outgoing:
    """A record under its account's key, in the partition of its lane."""
    written = [header(name, content) for name, content in headers]
    record = stamped(account.encode(), value, written, len(written))
    return Outgoing(topic, lane_of(account) % PARTITIONS, record)


def with_fields(message: Message, **said: Json) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(encode(message)) | said)


def with_text(message: Message, text: bytes) -> bytes:
    """What no encoder would write."""
    return encode(message)[:-1] + b"," + text + b"}"


def request(account: str) -> OperationRequested:
    return making.requested(next(NUMBERS), account)


def report(account: str, **said: Json) -> OperationCompleted:
    return making.completed(next(NUMBERS), account, **said)


def unreadable(account: str) -> list[Poison]:
    """No JSON, or too much of it."""
    good = request(account)
    undecodable: dict[str, bytes | None] = {
        "tombstone": None,
        "empty": b"",
        "blank": b" \n",
        "binary": bytes(range(256)),
        "truncated": encode(good)[:-9],
        "two values": encode(good) * 2,
        "byte order mark": b"\xef\xbb\xbf" + encode(good),
        "nesting": with_text(good, b'"x":' + b"[" * 10_000 + b"]" * 10_000),
        "NaN": with_text(good, b'"x":NaN'),
        "infinity": with_text(good, b'"stage":-Infinity'),
        "lone surrogate": with_text(good, rb'"user_id":"\ud800"'),
        "surrogate bytes": with_text(good, b'"user_id":"\xed\xa0\x80"'),
        "no UTF-8": with_text(good, b'"user_id":"\xff"'),
    }
    too_large = {
        "more than 1 MiB": with_text(good, b'"x":"' + b"a" * MEBIBYTE + b'"'),
        "5 MiB": with_text(good, b'"x":"' + b"a" * (5 * MEBIBYTE - 2048) + b'"'),
    }
    return [
        Poison(name, account, OperationRequested.topic, value, reason)
        for reason, values in (("undecodable", undecodable), ("too_large", too_large))
        for name, value in values.items()
    ]


def misnamed(account: str) -> list[Poison]:
    """The name of a header is no UTF-8: its bytes are written here as halves of surrogate pairs."""
    names = {
        "one byte": "\udcff",
        "among text": "a\udcc3(b",
        "a surrogate's bytes": "\udced\udca0\udc80",
    }
    value = encode(request(account))
    return [
        Poison(
            f"header named by {kind}",
            account,
            OperationRequested.topic,
            value,
            "undecodable",
            more=[(name, b"x"), ("after", None)],
        )
        for kind, name in names.items()
    ]


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


def strangers(account: str, another: str, environment: Mapping[str, str]) -> list[Poison]:
    """Somebody who may not, or who cannot show that he may."""
    key = private_key_of(Path(environment["ACTOR_PRIVATE_KEY_FILE"]))
    good = sign(editor(account), key)
    tokens: dict[str, Sequence[bytes | None]] = {
        "wrong signature": [sign(editor(account), Ed25519PrivateKey.generate())],
        "no signature": [good.rpartition(b".")[0] + b"."],
        "another tenant": [sign(editor(another), key)],
        "a viewer": [sign(editor(account, "viewer"), key)],
        "of yesterday": [sign(editor(account, exp_in_seconds=-86_400), key)],
        "two actors": [good, good],
        "null actor": [None],
        "actor that is no UTF-8": [b"\xff\xfe"],
    }
    topic = OperationRequested.topic
    return [
        Poison(name, account, topic, encode(request(account)), "forbidden", (), actors)
        for name, actors in tokens.items()
    ]


def editor(account: str, role: Role = "editor", exp_in_seconds: int = 3600) -> Actor:
    until = int(time.time()) + exp_in_seconds
    return Actor(sub="user-1", role=role, exp=until, account_id=account)


def every_kind(
    account: str, another: str, strange_operation: str, environment: Mapping[str, str]
) -> list[Poison]:
    return [
        *unreadable(account),
        *misnamed(account),
        *wrong_events(account),
        *wrong_requests(account, another),
        *unknown_things(account, strange_operation),
        *strangers(account, another, environment),
    ]


class Oddity(NamedTuple):
    """A request that is odd and good, and the report of what it asked for."""

    name: str
    asked: OperationRequested
    value: bytes
    headers: Headers
    done: bytes

    @property
    def outgoing(self) -> list[Outgoing]:
        account = self.asked.account_id
        return [
            sent(OperationRequested.topic, account, self.value, self.headers),
            sent(OperationCompleted.topic, account, self.done, ODD_HEADERS),
        ]


ODD_ASKING: Mapping[str, Headers] = {
    "null header": [("correlation_id", None)],
    "header that is no UTF-8": [("correlation_id", b"\xff")],
    "null reply topic": [("reply_to", None)],
    "reply topic that is no UTF-8": [("reply_to", b"\xff")],
    "reply partition out of range": [("reply_partition", b"99")],
    "reply partition that is no number": [("reply_partition", b"-1\xff")],
    "deadline that is no number": [("ttl_ms", b"soon")],
    "trace that is no UTF-8": [("traceparent", b"\xff")],
    "wrong content type": [("content-type", b"text/xml")],
    "future schema version": [("ce_specversion", b"9.9"), ("ce_dataschema", b"/v99")],
    "unknown message type": [("ce_type", b"ai.operation.dreamt")],
    "ce_time far in the future": [("ce_time", b"9999-12-31T23:59:59Z")],
}
ODD_VALUES: Mapping[str, bytes] = {
    "future fields": b'"version":99,"invented":{"deep":[1.5,null,true]}',
    "duplicate keys": b'"hold_ttl_s":1,"hold_ttl_s":600',
    "a large number that nobody reads": b'"x":' + THIRTY_DIGITS,
}
FAR_AHEAD = "9999-12-31T23:59:59Z"


def oddities(account: str) -> list[Oddity]:
    """What is wrong with a header is as if it were not there; what is new is ignored."""
    odd: list[Oddity] = []
    for name in (*ODD_ASKING, *ODD_VALUES):
        number = next(NUMBERS)
        asked = making.requested(number, account)
        value = with_text(asked, ODD_VALUES[name]) if name in ODD_VALUES else encode(asked)
        done = encode(making.completed(number, account, completed_at=FAR_AHEAD))
        odd.append(Oddity(name, asked, value, ODD_ASKING.get(name, ()), done))
    return odd
