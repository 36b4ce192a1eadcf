"""Who is asking: the signed header of a person's command, verified (`design.md` 5).

A compact JWS (RFC 7515) signed with Ed25519 (RFC 8037). The algorithm is fixed, the key comes from
our settings alone: a token that names another algorithm or brings its own key is no token.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from shared.contracts import canonical
from shared.contracts.message import Part
from shared.contracts.types import Name, Role, Uuid

LEEWAY_SECONDS = 5
TOKENS_REMEMBERED = 10_000
MAX_TOKEN_BYTES = 4096
PEM_BEGIN, PEM_END = "-----BEGIN", "-----END PUBLIC KEY-----"
KID = "kid:"  # A line before a key in the file of public keys names it.

Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class KeyFileError(ValueError):
    """What is wrong with a file of public keys; of what it holds only names are quoted."""


class Protected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of a token; a field that we do not know could change what the others mean."""

    alg: Literal["EdDSA"]
    kid: str | None = None
    typ: str | None = None


class Actor(Part, frozen=True, kw_only=True):
    """A person, as the web app vouches for him."""

    sub: Name
    role: Role
    exp: Seconds
    account_id: Uuid | None = None  # Absent for developers.
    iat: Seconds | None = None

    def __post_init__(self) -> None:
        if self.account_id is None and self.role != "developer":
            raise ValueError("only a developer acts without an account")


class Verifier:
    """Public keys, and the tokens that they were found to have signed: 127 us each, once."""

    def __init__(self, keys: Mapping[str | None, Ed25519PublicKey]) -> None:
        self._keys = keys
        self.signed = lru_cache(maxsize=TOKENS_REMEMBERED)(self._signed)

    @classmethod
    def of_file(cls, path: Path | None) -> "Verifier":
        return cls({} if path is None else keys_of(path))

    def verified(self, token: bytes, at_seconds: float) -> Actor | None:
        """The actor of a token that was valid at a moment (Unix time), else None."""
        actor = self.signed(token) if len(token) <= MAX_TOKEN_BYTES else None
        if actor is None or at_seconds > actor.exp + LEEWAY_SECONDS:
            return None
        return actor

    def _signed(self, token: bytes) -> Actor | None:
        try:
            protected, claims, signature = token.split(b".")
            header = msgspec.json.decode(unpadded(protected), type=Protected)
            for key in self._candidates(header.kid):
                if is_signed(key, protected + b"." + claims, unpadded(signature)):
                    return actor_in(unpadded(claims))
        except (ValueError, RecursionError):
            return None
        return None

    def _candidates(self, kid: str | None) -> list[Ed25519PublicKey]:
        """The key of that name; a token without one may be signed by any of ours."""
        if kid is None:
            return list(self._keys.values())
        return [key for name, key in self._keys.items() if name in (kid, None)]


def actor_in(claims: bytes) -> Actor | None:
    """Read claims as any value: an id in any case, a name without the blanks around it."""
    actor = canonical.convert(canonical.read(claims), Actor)
    return actor if isinstance(actor, Actor) else None


def is_signed(key: Ed25519PublicKey, signed: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def keys_of(path: Path) -> dict[str | None, Ed25519PublicKey]:
    """Read a file of public keys: KeyFileError where it holds none, or one that is not whole."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError("it cannot be read as text") from error
    return keys_in(text)


def keys_in(text: str) -> dict[str | None, Ed25519PublicKey]:
    """Read PEM keys one after the other, each named by a line `kid: NAME` before it, if at all."""
    keys: dict[str | None, Ed25519PublicKey] = {}
    *blocks, rest = text.split(PEM_END)
    for block in blocks:
        named = [line[len(KID) :].strip() for line in block.splitlines() if line.startswith(KID)]
        name = named[-1] if named else None
        if name in keys:
            raise KeyFileError(f"it holds two keys named {name or 'nothing'}")
        keys[name] = public_key_in(block)
    if not keys:
        raise KeyFileError("it holds no public key")
    if PEM_BEGIN in rest:
        raise KeyFileError("it ends within a key")
    return keys


def public_key_in(block: str) -> Ed25519PublicKey:
    """The key of a block, which has lost its last line."""
    pem = block[max(0, block.find(PEM_BEGIN)) :] + PEM_END
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("it holds a key that cannot be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError("it holds a key that is not Ed25519")
    return key


def private_key_of(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("ACTOR_PRIVATE_KEY_FILE holds a key that is not Ed25519")
    return key


def sign(actor: Actor, key: Ed25519PrivateKey, kid: str | None = None) -> bytes:
    """A token as the web app makes it."""
    protected = padless(msgspec.json.encode({"alg": "EdDSA"} | ({"kid": kid} if kid else {})))
    signed = protected + b"." + padless(msgspec.json.encode(actor))
    return signed + b"." + padless(key.sign(signed))


def padless(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def unpadded(text: bytes) -> bytes:
    """Base64url without padding, spelt in the one way there is: ValueError for any other."""
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if padless(raw) != text:
        raise ValueError("not base64url")
    return raw
