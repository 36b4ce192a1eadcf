"""Everybody who may ask for something, with good tokens and bad ones, by the words of the page.

The words are written down here once more, apart from the code: `payloads.md` 1, column Who.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as Signer

from shared.contracts.types import Json, JsonObject, Role
from tests.making import NOW_MILLISECONDS
from tests.signing import EXPIRES, KEY, ME

ROLES: Sequence[Role] = ("developer", "owner", "admin", "editor", "viewer", "system_bot")
NOBODY, LIAR = "a service", "nobody who may"
WORDS: Mapping[str, AbstractSet[str]] = {
    "svc": {NOBODY},
    "member": set(ROLES),
    "edit": {"developer", "owner", "admin", "editor"},
    "bot": {"system_bot"},
    "admin": {"developer", "owner", "admin"},
    "owner": {"owner"},
    "dev": {"developer"},
}
WITHOUT_USD = {"editor", "viewer", "system_bot"}
OTHER_KEY = Signer.generate()
EXPIRED = NOW_MILLISECONDS // 1000 - 6  # A second more than the leeway.


class Asker(NamedTuple):
    """Somebody with a role, or with what he shows in its place."""

    name: str
    role: str
    tokens: Sequence[bytes]

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        return [("actor", token) for token in self.tokens]

    def is_one_of(self, who: str) -> bool:
        """Whether the page names him: `svc, edit+bot`."""
        return any(self.role in WORDS[word] for word in who.replace("+", ", ").split(", "))


def token(role: Role, account: str | None, key: Signer = KEY, exp: int = EXPIRES) -> bytes:
    """As the web app signs it; also what it never would."""
    claims: JsonObject = {"sub": ME, "role": role, "exp": exp}
    claims |= {"account_id": account} if account else {}
    said = b".".join(map(in_base64, ({"alg": "EdDSA"}, claims)))
    return b".".join((said, urlsafe_b64encode(key.sign(said)).rstrip(b"=")))


def in_base64(said: JsonObject) -> bytes:
    return urlsafe_b64encode(msgspec.json.encode(said)).rstrip(b"=")


def everybody(account: str) -> list[Asker]:
    """Each role with a good token, a service with none, and each role with every bad one."""
    good = {role: token(role, None if role == "developer" else account) for role in ROLES}
    return [
        Asker(NOBODY, NOBODY, ()),
        *(Asker(role, role, (said,)) for role, said in good.items()),
        *(liar for role in ROLES for liar in liars(role, account, good[role])),
    ]


def liars(role: Role, account: str, good: bytes) -> Iterator[Asker]:
    """A developer is one in every account; every other token is worth nothing elsewhere."""
    head, _, signature = good.rpartition(b".")
    yield Asker(f"{role}, expired", LIAR, (token(role, account, exp=EXPIRED),))
    yield Asker(f"{role}, forged", LIAR, (token(role, account, OTHER_KEY),))
    yield Asker(f"{role}, unsigned", LIAR, (head + b".",))
    yield Asker(f"{role}, altered", LIAR, (head[:-1] + b"." + signature,))
    yield Asker(f"{role}, twice", LIAR, (good, good))
    if role != "developer":
        yield Asker(f"{role} of another account", LIAR, (token(role, str(uuid4())),))
        yield Asker(f"{role} of no account", LIAR, (token(role, None),))


def keys_in(said: Json) -> Iterator[str]:
    """The name of every field, however deep."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield name
            yield from keys_in(value)
    elif isinstance(said, list):
        for value in said:
            yield from keys_in(value)


def dollars_in(said: Json) -> list[str]:
    """The fields that tell what something cost us."""
    return [name for name in keys_in(said) if "usd" in name or name.startswith("cost_per")]
