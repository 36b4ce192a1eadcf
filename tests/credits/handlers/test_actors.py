"""Who asks: a person is judged by his token before his words are, on a real PostgreSQL."""

from collections.abc import Sequence

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.actor import Actor, Verifier, sign
from shared.contracts.credits import OperationReplied
from shared.contracts.types import Json
from shared.lanes import lane_of
from tests import making
from tests.credits.handlers.asking import (
    REQUESTED,
    Ids,
    raw,
    rows_of,
    value_of,
)
from tests.credits.handlers.worker import working
from tests.making import PARTITIONS, raw_record, record

NOW_SECONDS = making.NOW_MILLISECONDS // 1000

KEY, ANOTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
VERIFIER = Verifier({None: KEY.public_key()})


def actor(ids: Ids, role: str = "editor", **claims: Json) -> Actor:
    said = {"sub": "user-1", "account_id": ids.account, "role": role, "exp": NOW_SECONDS + 60}
    return msgspec.convert({k: v for k, v in (said | claims).items() if v is not None}, Actor)


def tokens(ids: Ids) -> dict[str, Sequence[bytes | None]]:
    good = sign(actor(ids), KEY)
    return {
        "viewer": [sign(actor(ids, "viewer"), KEY)],
        "expired": [sign(actor(ids, exp=NOW_SECONDS - 6), KEY)],
        "another account": [sign(actor(ids, account_id=making.uuid(1)), KEY)],
        "another key": [sign(actor(ids), ANOTHER_KEY)],
        "unsigned": [good.rpartition(b".")[0] + b"."],
        "garbage": [b"\xff\x00"],
        "null": [None],
        "two": [good, good],
    }


@pytest.mark.parametrize("name", sorted(tokens(Ids(making.uuid(1), 1))))
async def test_who_may_not_is_forbidden_and_burns_no_id(url: str, ids: Ids, name: str) -> None:
    headers = [("actor", token) for token in tokens(ids)[name]]
    place = lane_of(ids.account) % PARTITIONS
    bad = raw_record(REQUESTED, value_of(ids), ids.account.encode(), headers, partition=place)
    typo = raw_record(
        REQUESTED, value_of(ids, hold_ttl_s=1), ids.account.encode(), headers, partition=place
    )
    async with working(url, verifier=VERIFIER) as worker:
        await worker.obey([bad, typo])

        replies = worker.recorder.messages(OperationReplied)
        assert [reply.error.code for reply in replies if reply.error] == ["forbidden"] * 2
        assert await rows_of(worker, ids) == []


async def test_an_actor_acts_under_his_own_name_and_cannot_lower_what_is_needed(
    url: str, ids: Ids
) -> None:
    token = sign(actor(ids, exp=NOW_SECONDS - 5), KEY)  # Within the leeway.
    low = value_of(ids, user_id="somebody else", estimate={"words": 1})
    async with working(url, verifier=VERIFIER) as worker:
        await worker.obey([record(making.paid(100, ids.account, invoice=ids.number))])
        await worker.obey([raw(ids, low, actor=token)])
        await worker.obey([record(making.completed(ids.number + 1, ids.account))])

        (reply,) = worker.recorder.messages(OperationReplied)
        (usage,) = worker.recorder.of("usage.recorded")
    assert reply.data is not None
    assert (reply.data.estimated, usage.said["user_id"]) == (50, "user-1")
