"""Commands of people, signed as the web app signs them."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.actor import Actor, Verifier, sign
from shared.contracts.message import Message, encode
from shared.contracts.types import Role
from shared.kafka import Record
from tests.making import NOW_MILLISECONDS, key_of, partition_for, raw_record

KEY = Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})
EXPIRES = NOW_MILLISECONDS // 1000 + 60
ME = "user-of-mine"


def by(role: Role, message: Message, sub: str = "dora") -> Record:
    """A command under its account's or its code's key, with the token of whoever sends it."""
    actor = Actor(sub=sub, role=role, exp=EXPIRES, account_id=message.account_id)
    headers = {"actor": sign(actor, KEY), "correlation_id": b"ticket-7"}
    key, place = key_of(message) or message.subject.encode(), partition_for(message)
    return raw_record(message.topic, encode(message), key, headers, partition=place)
