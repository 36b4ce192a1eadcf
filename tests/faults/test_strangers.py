"""Clients that were set up wrong: they are told so, and nothing else happens."""

from binascii import crc32
from collections.abc import Sequence
from uuid import uuid4

import msgspec

from deploy.local import programs
from shared.contracts.credits import InvoicePaid, OperationReplied, OperationRequested
from shared.contracts.message import Message, encode
from shared.envelope import Outgoing
from shared.lanes import lane_of
from shared.wire import header, stamped
from tests.faults.looking import metric, records_in
from tests.faults.scene import Scene, accounts, funding, lives
from tests.making import PARTITIONS, outgoing

TOPICS = (InvoicePaid.topic, OperationRequested.topic)
KNOWN = "SELECT count(*) FROM accounts WHERE account_id = ANY($1::uuid[])"
RESERVATIONS = "SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[])"
CREDITS = 1_000


def by_another_hash(message: Message) -> Outgoing:
    """To where librdkafka's own default sends a key."""
    key = (message.account_id or "").encode()
    marks = [header("reply_to", b"replies.pipeline"), header("correlation_id", key)]
    record = stamped(key, encode(message), marks, len(marks))
    return Outgoing(message.topic, crc32(key) % PARTITIONS, record)


def is_lucky(account: str) -> bool:
    """Whether both hashes lead to the same partition."""
    return crc32(account.encode()) % PARTITIONS == lane_of(account) % PARTITIONS


async def test_a_client_with_another_default_hash_is_told_so(scene: Scene) -> None:
    owners = accounts(60)
    lucky, astray = [x for x in owners if is_lucky(x)], [x for x in owners if not is_lucky(x)]
    asked, _ = lives(owners, len(owners))
    paid = funding(owners, CREDITS)
    with programs.running([scene.worker()]):
        await scene.publish([by_another_hash(message) for message in paid])
        await scene.settled(*TOPICS)
        await scene.publish([by_another_hash(message) for message in asked])
        await scene.settled(*TOPICS)

        assert await scene.value(KNOWN, astray) == 0
        assert await scene.value(RESERVATIONS, owners) == len(lucky)
        answers = await answers_to(scene, owners)
        assert {x for x, answer in answers.items() if answer == "ok"} == set(lucky)
        assert {x for x, answer in answers.items() if answer == "invalid: account_id"} == set(
            astray
        )
        assert await set_aside(scene, paid) == set(astray)

        await scene.tell([*paid, *asked])  # With the right hash the ids are as good as new.
        await scene.settled(*TOPICS)
    assert await scene.value(RESERVATIONS, owners) == len(owners)
    await scene.assert_books_balance()


async def answers_to(scene: Scene, owners: Sequence[str]) -> dict[str, str]:
    """What each was told, at home: under his account's key in the partition of its lane."""
    answers: dict[str, str] = {}
    for record in await records_in(scene, "replies.pipeline"):
        account = dict(record.headers)["correlation_id"].decode()
        if account not in owners:
            continue
        assert (record.key, record.partition) == (account.encode(), lane_of(account) % PARTITIONS)
        error = msgspec.json.decode(record.value or b"", type=OperationReplied).error
        fields = ", ".join(problem.path for problem in (error and error.fields) or ())
        answers[account] = "ok" if error is None else f"{error.code}: {fields}"
    return answers


async def set_aside(scene: Scene, messages: Sequence[Message]) -> set[str | None]:
    """Whose events are dead letters."""
    dead = {record.value for record in await records_in(scene, f"{InvoicePaid.topic}.dlq")}
    return {message.account_id for message in messages if encode(message) in dead}


async def test_an_answer_never_goes_to_a_topic_that_a_stranger_names(scene: Scene) -> None:
    """Neither into our own facts nor into a topic that is made for it: it goes where it would."""
    owners = accounts(20)
    asked, _ = lives(owners, len(owners))
    theirs = [b"credits.granted", f"replies.{uuid4()}".encode()]
    worker = scene.worker()
    with programs.running([worker]):
        await scene.tell(funding(owners, CREDITS))
        await scene.publish(
            [
                outgoing(message, {"reply_to": theirs[number % 2]})
                for number, message in enumerate(asked)
            ]
        )
        await scene.settled(*TOPICS)
        assert await metric(worker, "igny8_unknown_reply_topics_total") == len(asked)

    assert await scene.answered(asked) == {"ok": len(asked)}
    told = await records_in(scene, "credits.granted")
    assert not [x for x in told if dict(x.headers)["ce_type"] != b"credits.granted"]
    assert not await records_in(scene, theirs[1].decode())
