"""Records as nobody means to send them: whatever bytes come as key, as value and in headers."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from shared.actor import Actor, Verifier, sign
from shared.contracts.credits import OBEYED, QUERIES
from shared.contracts.message import Message
from shared.contracts.types import Json, Role
from shared.kafka import Reader, Record
from shared.wire import Header
from tests import making
from tests.contracts.making import JSON, values_for
from tests.making import ANN, BOB, NOW_MILLISECONDS, raw_record

TYPES = (*OBEYED, *QUERIES)
KEY = Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})
AN_HOUR_LATER = NOW_MILLISECONDS // 1000 + 3600
GOOD = (making.paid(7), making.requested(1), making.completed(1), making.failed(2, BOB))
ASKING = ("correlation_id", "reply_to", "reply_partition", "actor", "ttl_ms", "traceparent")
OTHERS = ("ce_id", "ce_type", "dlq_timestamp", "dlq_reason", "dlq_topic")
MANY_DIGITS = b"9" * 5000  # More than Python reads.


class Scrap(NamedTuple):
    """One record, and what it says where somebody did mean to send it."""

    record: Record
    meant: Message | None


def token(role: Role) -> bytes:
    return sign(Actor(sub="user-1", role=role, exp=AN_HOUR_LATER, account_id=ANN), KEY)


SAID = (
    *(b"replies.web", b"credits.granted", b"-1", b"3", b"1000", b"1e3", b"\xd9\xa3", MANY_DIGITS),
    *(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", b"a.b.c", b"", b"\xff\xfe"),
    *(token("editor"), token("viewer")),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from((*ASKING, *OTHERS)) | st.text(max_size=5),
        st.none() | st.sampled_from(SAID) | st.binary(max_size=12),
    ),
    max_size=5,
)
KEYS = st.sampled_from((None, b"", ANN.encode(), ANN.upper().encode())) | st.binary(max_size=40)
ACCOUNTS = st.sampled_from((ANN, ANN.upper(), BOB, "", None, 7, "\u0130", "\u212a" * 36))
AFTERWARDS = (b"", b"}", b" ", b"\x00", b"\xff", b'"', b"[" * 40)


@st.composite
def valid_in_part(draw: st.DrawFn, message: type[Message]) -> Json:
    """Fields that are right one by one, of which some are then wrong or missing."""
    said: dict[str, Json] = draw(values_for(message)) | {"account_id": draw(ACCOUNTS)}
    for name in draw(st.lists(st.sampled_from(sorted(said)), max_size=2, unique=True)):
        said[name] = draw(JSON)
    return said


@st.composite
def torn(draw: st.DrawFn, written: bytes) -> bytes:
    """What a careless hand leaves of a text."""
    end = draw(st.integers(0, len(written)))
    return written[: end if draw(st.booleans()) else None] + draw(st.sampled_from(AFTERWARDS))


def values(message: type[Message]) -> st.SearchStrategy[bytes | None]:
    written = (JSON | valid_in_part(message)).map(msgspec.json.encode)
    return st.none() | st.binary(max_size=40) | written | written.flatmap(torn)


@st.composite
def garbage(draw: st.DrawFn) -> Scrap:
    message = draw(st.sampled_from(TYPES))
    value, key, headers = draw(values(message)), draw(KEYS), draw(HEADERS)
    place = {"partition": draw(st.integers(0, making.PARTITIONS - 1))}
    return Scrap(raw_record(message.topic, value, key, headers, **place), None)


def addressed_oddly(message: Message, headers: Sequence[Header]) -> Scrap:
    return Scrap(making.record(message, headers), None)


SCRAPS = st.one_of(
    garbage(),
    st.builds(addressed_oddly, st.sampled_from(GOOD), HEADERS),
    st.sampled_from(GOOD).map(lambda one: Scrap(making.record(one), one)),
)
POLLS = st.lists(SCRAPS, min_size=1, max_size=12)


def reader() -> Reader:
    return making.reader(*TYPES, verifier=VERIFIER)
