"""Who may: role, tenant and signature, judged by the moment of sending.

What may never happen:

1. A person acts in an account that is not his, unless he is a developer.
2. A person does what his role may not.
3. A record that shows an actor who is not valid goes on as if it showed none.
4. A header makes a token valid longer than the record itself does.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared.access import Gate
from shared.actor import Actor, Verifier, sign
from shared.contracts import access
from shared.contracts.access import ROLES, SERVICE, Who
from shared.contracts.errors import Error
from shared.contracts.types import Role
from tests import making
from tests.making import ANN, BOB, NOW_MILLISECONDS, Headers

KEY, ANOTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})
NOW = NOW_MILLISECONDS // 1000
MESSAGE = making.requested(1)
SERVICE_OR_EDITOR = SERVICE | access.EDITOR

MAY = {  # As the page says it: a developer may do what an admin may.
    access.SERVICE: set[str](),
    access.OWNER: {"owner"},
    access.DEVELOPER: {"developer"},
    access.ADMIN: {"developer", "owner", "admin"},
    access.EDITOR: {"developer", "owner", "admin", "editor"},
    access.EDITOR_OR_BOT: {"developer", "owner", "admin", "editor", "system_bot"},
    access.MEMBER: set(ROLES),
    access.PUBLIC: set(ROLES),
}


def actor(role: Role = "editor", account: str | None = ANN, ends: int = NOW + 60) -> Actor:
    return Actor(sub="user-1", role=role, exp=ends, account_id=account)


def token(role: Role = "editor", account: str | None = ANN, ends: int = NOW + 60) -> bytes:
    return sign(actor(role, account, ends), KEY)


def judged(
    headers: Headers, who: Who = access.EDITOR, account: str | None = ANN, clock: float = 0
) -> Actor | Error | None:
    return Gate(VERIFIER, clock).admit(who, making.record(MESSAGE, headers), account)


def is_forbidden(verdict: object) -> bool:
    return isinstance(verdict, Error) and verdict.code == "forbidden"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("who", MAY, ids=access.in_words)
def test_a_person_may_what_his_role_may(who: Who, role: Role) -> None:
    verdict = judged({"actor": token(role)}, who)

    assert is_forbidden(verdict) == (role not in MAY[who])
    assert is_forbidden(verdict) or verdict == actor(role)


@pytest.mark.parametrize(("who", "may"), [(who, who.is_service) for who in MAY])
def test_what_shows_no_actor_is_a_services_where_services_may(who: Who, *, may: bool) -> None:
    assert is_forbidden(judged({}, who)) == (not may)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "developer"])
def test_nobody_acts_in_the_account_of_others(role: Role) -> None:
    assert is_forbidden(judged({"actor": token(role, BOB)}, access.MEMBER))
    assert is_forbidden(judged({"actor": token(role)}, access.MEMBER, None))


@pytest.mark.parametrize("own", [None, ANN, BOB])
@pytest.mark.parametrize("account", [ANN, None])
def test_a_developer_acts_in_any_account(own: str | None, account: str | None) -> None:
    verdict = judged({"actor": token("developer", own)}, access.ADMIN, account)

    assert verdict == actor("developer", own)


@pytest.mark.parametrize(
    "shown",
    [None, b"", b"\xff", b"garbage", token() + b"x", sign(actor(), ANOTHER_KEY), token("viewer")],
)
def test_an_actor_who_is_not_valid_is_forbidden_where_none_is_needed_too(
    shown: bytes | None,
) -> None:
    assert is_forbidden(judged({"actor": shown}, SERVICE_OR_EDITOR))


def test_a_header_that_is_there_twice_is_nobodys() -> None:
    assert is_forbidden(judged([("actor", token()), ("actor", token())]))
    assert is_forbidden(judged([("actor", token()), ("actor", None)]))
    assert is_forbidden(judged([("actor", None), ("actor", token())]))


def test_a_no_says_which_roles_may() -> None:
    verdict = judged({"actor": token("viewer")}, access.ADMIN)

    assert isinstance(verdict, Error)
    assert verdict.roles == ["admin", "developer", "owner"]


@pytest.mark.parametrize(("ends", "is_valid"), [(NOW, True), (NOW - 5, True), (NOW - 6, False)])
def test_a_token_is_judged_by_the_moment_of_sending(ends: int, *, is_valid: bool) -> None:
    assert is_forbidden(judged({"actor": token(ends=ends)})) == (not is_valid)


def test_a_clock_that_was_moved_moves_the_moment_of_sending() -> None:
    assert is_forbidden(judged({"actor": token()}, clock=3600))
    assert judged({"actor": token(ends=NOW + 3600)}, clock=3600) == actor(ends=NOW + 3600)


def test_a_dead_letter_that_is_replayed_is_judged_by_when_it_was_sent_first() -> None:
    old = NOW - 3600
    shown = token(ends=old)

    sent_first = b"%d" % (old * 1000)

    assert is_forbidden(judged({"actor": shown}))
    assert judged({"actor": shown, "dlq_timestamp": sent_first}) == actor(ends=old)
    later = b"%d" % ((old + 6) * 1000)
    assert is_forbidden(judged({"actor": shown, "dlq_timestamp": later}))


def test_a_dead_letter_is_never_judged_later_than_it_came() -> None:
    tomorrow = b"%d" % (NOW_MILLISECONDS + 86_400_000)

    assert judged({"actor": token(), "dlq_timestamp": tomorrow}) == actor()


@given(st.one_of(st.none(), st.binary(max_size=30), st.just(b"9" * 5000), st.just(b"0" * 5000)))
def test_whatever_a_dead_letter_says_of_its_time_a_valid_actor_is_judged(
    said: bytes | None,
) -> None:
    assert judged({"actor": token(), "dlq_timestamp": said}) == actor()
    assert is_forbidden(judged({"actor": b"a.b.c", "dlq_timestamp": said}))
