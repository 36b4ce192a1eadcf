"""Records that no careful client sends, whatever they are about, and what becomes of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.actor import Actor, padless, private_key_of, sign, unpadded
from shared.contracts.message import Command, Message, Request, encode
from shared.contracts.types import Json, Role
from shared.envelope import Outgoing
from shared.lanes import lane_of
from shared.wire import Header, header, stamped
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


def owner_of(message: Message) -> str:
    assert message.account_id is not None, "whose key it comes under"
    return message.account_id


def unreadable(good: Message, text: bytes, number: bytes) -> list[Poison]:
    """No JSON, or too much of it; `text` and `number` are fields that are read."""
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
        "infinity": with_text(good, b'"%s":-Infinity' % number),
        "lone surrogate": with_text(good, rb'"%s":"\ud800"' % text),
        "surrogate bytes": with_text(good, b'"%s":"\xed\xa0\x80"' % text),
        "no UTF-8": with_text(good, b'"%s":"\xff"' % text),
    }
    too_large = {
        "more than 1 MiB": with_text(good, b'"x":"' + b"a" * MEBIBYTE + b'"'),
        "5 MiB": with_text(good, b'"x":"' + b"a" * (5 * MEBIBYTE - 2048) + b'"'),
    }
    return [
        Poison(name, owner_of(good), good.topic, value, reason)
        for reason, values in (("undecodable", undecodable), ("too_large", too_large))
        for name, value in values.items()
    ]


def misnamed(good: Message) -> list[Poison]:
    """The name of a header is no UTF-8: its bytes are written here as halves of surrogate pairs."""
    names = {
        "one byte": "\udcff",
        "among text": "a\udcc3(b",
        "a surrogate's bytes": "\udced\udca0\udc80",
    }
    return [
        Poison(
            f"header named by {kind}",
            owner_of(good),
            good.topic,
            encode(good),
            "undecodable",
            more=[(name, b"x"), ("after", None)],
        )
        for kind, name in names.items()
    ]


def truncated(account: str, good: Sequence[Message]) -> list[Poison]:
    """Of every topic: what it holds is cut off."""
    return [
        Poison(f"truncated {one.topic}", account, one.topic, encode(one)[:-9], "undecodable")
        for one in good
    ]


def foreign(account: str, another: str, good: Sequence[Message]) -> list[Poison]:
    """Another's account under one's own key; what only people say needs an actor first."""
    return [
        Poison(
            f"another tenant's {one.topic}",
            account,
            one.topic,
            with_fields(one, account_id=another),
            "invalid",
            ["account_id"] if isinstance(one, Request) else None,
        )
        for one in good
        if one.who.is_service
    ]


def strangers(
    good: Message, another: str, role: Role, lesser: Role, environment: Mapping[str, str]
) -> list[Poison]:
    """Somebody who may not, or who cannot show that he may; `role` may, `lesser` may not."""
    account, key = owner_of(good), private_key_of(Path(environment["ACTOR_PRIVATE_KEY_FILE"]))
    token = sign(person(account, role), key)
    tokens: dict[str, Sequence[bytes | None]] = {
        "wrong signature": [sign(person(account, role), Ed25519PrivateKey.generate())],
        "no signature": [token.rpartition(b".")[0] + b"."],
        "another role than was signed": [promoted(sign(person(account, lesser), key), role)],
        "another tenant": [sign(person(another, role), key)],
        f"the role {lesser}": [sign(person(account, lesser), key)],
        "of yesterday": [sign(person(account, role, exp_in_seconds=-86_400), key)],
        "two actors": [token, token],
        "null actor": [None],
        "actor that is no UTF-8": [b"\xff\xfe"],
    }
    return [
        Poison(name, account, good.topic, encode(good), "forbidden", (), actors)
        for name, actors in tokens.items()
    ]


def person(account: str, role: Role, exp_in_seconds: int = 3600) -> Actor:
    until = int(time.time()) + exp_in_seconds
    return Actor(sub="user-1", role=role, exp=until, account_id=account)


def promoted(token: bytes, role: Role) -> bytes:
    """What he made of his token by himself: the signature is still that of what he was."""
    head, claims, signature = token.split(b".")
    said = msgspec.json.decode(unpadded(claims)) | {"role": role}
    forged = padless(msgspec.json.encode(said))
    return b".".join((head, forged, signature))


def token_of(account: str, role: Role, environment: Mapping[str, str]) -> bytes:
    key = private_key_of(Path(environment["ACTOR_PRIVATE_KEY_FILE"]))
    return sign(person(account, role), key)


class Oddity(NamedTuple):
    """A request that is odd and good, and the reports of what it asked for."""

    name: str
    asked: Command
    value: bytes
    headers: Headers
    reports: Sequence[Outgoing] = ()

    @property
    def outgoing(self) -> list[Outgoing]:
        request = sent(self.asked.topic, owner_of(self.asked), self.value, self.headers)
        return [request, *self.reports]


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
    "a large number that nobody reads": b'"x":' + THIRTY_DIGITS,
}


def odd_requests(make: Callable[[int], Command], twice: bytes) -> list[Oddity]:
    """What is wrong with a header is as if it were not there; what is new is ignored.

    `twice`: a field that is said two times.
    """
    values = {**ODD_VALUES, "duplicate keys": twice}
    odd: list[Oddity] = []
    for name in (*ODD_ASKING, *values):
        asked = make(next(NUMBERS))
        value = with_text(asked, values[name]) if name in values else encode(asked)
        odd.append(Oddity(name, asked, value, ODD_ASKING.get(name, ())))
    return odd
