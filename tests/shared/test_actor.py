"""Who signs for whom: of all tokens that are not ours, unchanged and still valid, none is accepted.

What may never happen:

1. A token is accepted that no private key of ours has signed as it is.
2. A token is accepted longer than some seconds after its end.
3. A token that brings its own key or algorithm decides how it is judged.
4. Any bytes raise.
"""

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.actor import (
    MAX_TOKEN_BYTES,
    Actor,
    KeyFileError,
    Verifier,
    keys_in,
    padless,
    sign,
)
from shared.contracts.types import Json
from tests.making import ANN, BOB

END = 1_768_478_400
KEY, ANOTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})
EDITOR = Actor(sub="user-1", role="editor", exp=END, account_id=ANN, iat=END - 60)
CLAIMS: Mapping[str, Json] = msgspec.to_builtins(EDITOR)
HEADER: Mapping[str, Json] = {"alg": "EdDSA"}
TOKEN = sign(EDITOR, KEY)
JWK = {"kty": "OKP", "crv": "Ed25519", "x": padless(ANOTHER_KEY.public_key().public_bytes_raw())}


def written(part: Json) -> bytes:
    return padless(part if isinstance(part, bytes) else msgspec.json.encode(part))


def signed(header: Json, claims: Json, key: Ed25519PrivateKey = KEY) -> bytes:
    """A token of whatever one likes, with a signature that is right."""
    both = written(header) + b"." + written(claims)
    return both + b"." + padless(key.sign(both))


def accepted(token: bytes, verifier: Verifier = VERIFIER, at: float = END) -> Actor | None:
    return verifier.verified(token, at)


def public_pem(key: Ed25519PrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_what_the_web_app_signs_is_accepted() -> None:
    assert accepted(TOKEN) == EDITOR
    assert (
        accepted(signed({**HEADER, "typ": "JWT"}, {**CLAIMS, "iss": "app", "jti": "7"})) == EDITOR
    )


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", "user-2"),
        ("role", "owner"),
        ("exp", END + 3600),
        ("account_id", BOB),
        ("iat", END),
        ("more", True),
    ],
)
def test_a_claim_that_is_changed_breaks_the_signature(claim: str, value: Json) -> None:
    header, _, signature = TOKEN.split(b".")

    assert accepted(b".".join((header, written({**CLAIMS, claim: value}), signature))) is None


@pytest.mark.parametrize("claim", ["sub", "role", "exp", "account_id"])
def test_a_claim_that_is_missing_is_not_made_up(claim: str) -> None:
    assert accepted(signed(HEADER, {k: v for k, v in CLAIMS.items() if k != claim})) is None


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", ""),
        ("sub", "x" * 101),
        ("sub", 7),
        ("role", "root"),
        ("role", ["owner"]),
        ("exp", str(END)),
        ("exp", END + 0.5),
        ("exp", 10**400),
        ("exp", True),
        ("exp", None),
        ("account_id", "*"),
        ("account_id", None),
    ],
)
def test_a_claim_of_another_kind_is_no_claim(claim: str, value: Json) -> None:
    assert accepted(signed(HEADER, {**CLAIMS, claim: value})) is None


@pytest.mark.parametrize("claims", [b"", b"null", b"[]", b'"editor"', b"{", b"[" * 2000])
def test_claims_that_are_no_object_are_none(claims: bytes) -> None:
    assert accepted(signed(HEADER, claims)) is None


def test_an_id_is_read_in_any_case_and_a_name_without_the_blanks_around_it() -> None:
    claims = {**CLAIMS, "account_id": ANN.upper(), "sub": " user-1 "}

    assert accepted(signed(HEADER, claims)) == EDITOR


def test_only_a_developer_acts_without_an_account() -> None:
    developer = Actor(sub="user-9", role="developer", exp=END)
    assert accepted(sign(developer, KEY)) == developer

    with pytest.raises(ValueError, match="only a developer"):
        Actor(sub="user-9", role="owner", exp=END)


@pytest.mark.parametrize(
    ("late", "is_valid"), [(-3600, True), (0, True), (5, True), (5.001, False)]
)
def test_a_token_ends_with_five_seconds_of_leeway(late: float, is_valid: bool) -> None:  # noqa: FBT001 - pytest's way to name a case.
    assert (accepted(TOKEN, at=END + late) is not None) == is_valid


def test_a_token_that_was_valid_once_is_judged_anew_each_time() -> None:
    verifier = Verifier({None: KEY.public_key()})

    assert accepted(TOKEN, verifier) == EDITOR
    assert accepted(TOKEN, verifier, at=END + 60) is None
    assert accepted(TOKEN, verifier) == EDITOR


@pytest.mark.parametrize("alg", ["none", "None", "", "HS256", "HS512", "ES256", "eddsa", None, 1])
def test_no_other_algorithm_is_known(alg: Json) -> None:
    assert accepted(signed({"alg": alg}, CLAIMS)) is None


@pytest.mark.parametrize(
    "field", [{"jwk": JWK}, {"jku": "https://x"}, {"x5u": "https://x"}, {"crit": ["exp"]}, {"b": 1}]
)
def test_a_header_that_we_do_not_know_could_change_what_the_others_mean(
    field: dict[str, Json],
) -> None:
    assert accepted(signed({**HEADER, **field}, CLAIMS)) is None
    assert accepted(signed({**HEADER, **field}, CLAIMS, ANOTHER_KEY)) is None


def test_a_token_without_algorithm_is_none() -> None:
    both = written({"alg": "none"}) + b"." + written(CLAIMS)

    assert accepted(both + b".") is None
    assert accepted(both) is None
    assert accepted(signed({}, CLAIMS)) is None


@pytest.mark.parametrize("header", [{"alg": "HS256"}, {"alg": "EdDSA"}])
def test_our_public_key_is_no_shared_secret(header: dict[str, Json]) -> None:
    both = written(header) + b"." + written(CLAIMS)
    for secret in (KEY.public_key().public_bytes_raw(), public_pem(KEY).encode()):
        mac = padless(hmac.new(secret, both, hashlib.sha256).digest())
        assert accepted(both + b"." + mac) is None


def test_a_token_of_another_key_is_not_ours() -> None:
    assert accepted(sign(EDITOR, ANOTHER_KEY)) is None
    assert accepted(TOKEN, Verifier({})) is None


def test_the_key_is_chosen_by_its_name() -> None:
    verifier = Verifier({"old": KEY.public_key(), "new": ANOTHER_KEY.public_key()})

    assert accepted(sign(EDITOR, KEY, "old"), verifier) == EDITOR
    assert accepted(sign(EDITOR, ANOTHER_KEY, "new"), verifier) == EDITOR
    assert accepted(sign(EDITOR, KEY, "new"), verifier) is None
    assert accepted(sign(EDITOR, KEY, "gone"), verifier) is None


def test_a_token_without_a_name_may_be_of_any_of_our_keys() -> None:
    verifier = Verifier({"old": KEY.public_key(), "new": ANOTHER_KEY.public_key()})

    assert accepted(sign(EDITOR, KEY), verifier) == EDITOR
    assert accepted(sign(EDITOR, ANOTHER_KEY), verifier) == EDITOR


def test_a_key_without_a_name_is_tried_for_any_name() -> None:
    assert accepted(sign(EDITOR, KEY, "whatever")) == EDITOR


def test_a_file_holds_keys_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "keys.pem"
    file.write_text(f"kid: old\n{public_pem(KEY)}\nkid: new\n{public_pem(ANOTHER_KEY)}")

    verifier = Verifier.of_file(file)

    assert accepted(sign(EDITOR, ANOTHER_KEY, "new"), verifier) == EDITOR
    assert accepted(sign(EDITOR, ANOTHER_KEY, "old"), verifier) is None


def test_without_a_file_nobody_is_anybody() -> None:
    assert accepted(TOKEN, Verifier.of_file(None)) is None


@pytest.mark.parametrize("name", ["", "kid: one\n"])
def test_two_keys_of_one_name_are_refused(name: str) -> None:
    with pytest.raises(KeyFileError, match="two keys named"):
        keys_in(f"{name}{public_pem(KEY)}{name}{public_pem(ANOTHER_KEY)}")


def test_a_key_of_another_kind_is_refused() -> None:
    public = generate_private_key(SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(KeyFileError, match="not Ed25519"):
        keys_in(pem)


PEM = public_pem(KEY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no public key"),
        ("kid: 2026-11\n", "no public key"),
        (PEM.replace("PUBLIC", "PRIVATE"), "no public key"),
        (PEM + PEM[: len(PEM) // 2], "within a key"),
        (PEM.replace("MCow", "MCox"), "cannot be read"),
        (PEM[len("-----BEGIN PUBLIC KEY-----") :], "cannot be read"),
    ],
    ids=["empty", "a name alone", "a private key", "cut off", "altered", "without its beginning"],
)
def test_a_file_without_a_whole_key_is_refused(text: str, reason: str) -> None:
    with pytest.raises(KeyFileError, match=reason):
        keys_in(text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.pem"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(KeyFileError, match="as text"):
        Verifier.of_file(file)


@given(st.integers(0, len(TOKEN) - 1), st.binary(max_size=3))
def test_no_byte_of_a_token_can_be_another_one(place: int, instead: bytes) -> None:
    changed = TOKEN[:place] + instead + TOKEN[place + 1 :]

    assert accepted(changed) == (EDITOR if changed == TOKEN else None)


@pytest.mark.parametrize("more", [b"=", b"==", b".", b"\n", b" ", b"A", b"\x00"])
def test_nothing_is_added_to_a_token(more: bytes) -> None:
    assert accepted(TOKEN + more) is None
    assert accepted(more + TOKEN) is None


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.binary(max_size=80).map(padless), max_size=4).map(b".".join),
        st.binary(max_size=80).map(lambda last: TOKEN.rpartition(b".")[0] + b"." + padless(last)),
    )
)
def test_no_garbage_is_accepted(token: bytes) -> None:
    assert accepted(token) is None


def test_a_token_has_a_longest_length() -> None:
    long = signed(HEADER, {**CLAIMS, "more": "x" * MAX_TOKEN_BYTES})

    assert accepted(long) is None
