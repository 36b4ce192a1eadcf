"""Messages and records as others send them, in few words."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TypeAlias, TypeVar

from aiokafka import ConsumerRecord
from aiokafka.admin import NewTopic
from msgspec import convert, json
from msgspec.structs import asdict

from shared.access import Gate
from shared.actor import Verifier
from shared.contracts.credits import (
    Estimate,
    ExtensionRequested,
    ImageCount,
    OperationCancelled,
    OperationCompleted,
    OperationFailed,
    OperationRequested,
)
from shared.contracts.invoicing import (
    AccountStatusChanged,
    Grant,
    InvoicePaid,
    PackageUpdated,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message, encode
from shared.contracts.money import dollars
from shared.contracts.types import Json
from shared.envelope import Outgoing
from shared.kafka import Letter, Reader, Record
from shared.lanes import lane_of
from shared.wire import header, stamped

Fields: TypeAlias = dict[str, Json]
Said = TypeVar("Said", bound=Message)
Headers: TypeAlias = Mapping[str, bytes | None] | Sequence[tuple[str, bytes | None]]

PARTITIONS = 4
NOW_MILLISECONDS = 1_768_478_400_000  # 2026-01-15T12:00:00Z, the clock of the scenarios.
OFFSETS = count()


def uuid(number: int) -> str:
    """An id that tells in a failure which one it was."""
    return f"00000000-0000-4000-8000-{number:012x}"


ANN, BOB = uuid(0xA), uuid(0xB)


def topic_of_ours(
    name: str, partitions: int = PARTITIONS, more: Mapping[str, str] | None = None
) -> NewTopic:
    """A topic for a test: by the broker's clock, or its retention would delete what has no time."""
    configs = {"message.timestamp.type": "LogAppendTime", **(more or {})}
    return NewTopic(name, partitions, 1, topic_configs=configs)


def paid(amount: int, account: str = ANN, invoice: int = 1, **said: Json) -> InvoicePaid:
    """A monthly subscription of so many credits, unless said otherwise of its one line."""
    line: Fields = {"line": 1, "kind": "subscription", "credits": amount, "code": "starter"} | said
    return InvoicePaid(account_id=account, invoice_id=uuid(invoice), grants=[Grant(**line)])


def spelt_out(message: Said) -> Said:
    """The same from somebody who writes every default."""
    return json.decode(json.encode(asdict(message)), type=type(message))


def requested(number: int, account: str = ANN, **said: Json) -> OperationRequested:
    """An article: 50 credits required, 60 held."""
    fields: Fields = {"operation_type": "content_generation"} | said
    return OperationRequested(account_id=account, operation_id=uuid(number), **fields)


def completed(number: int, account: str = ANN, **said: Json) -> OperationCompleted:
    """An article of 4,700 tokens: 47 credits."""
    fields: Fields = {
        "operation_type": "content_generation",
        "model_used": "gpt-5.1",
        "tokens_input": 2000,
        "tokens_output": 2700,
    }
    return OperationCompleted(account_id=account, operation_id=uuid(number), **fields | said)


def images(**counts: int) -> list[ImageCount]:
    """So many of each quality: `images(premium=3)`."""
    said = [{"quality": quality, "count": count} for quality, count in counts.items()]
    return convert(said, list[ImageCount])


def images_requested(number: int, account: str = ANN, **counts: int) -> OperationRequested:
    wanted = Estimate(images=images(**counts))
    return requested(number, account, operation_type="image_generation", estimate=wanted)


def images_completed(number: int, account: str = ANN, **counts: int) -> OperationCompleted:
    """Images as they were delivered, by whatever model makes them."""
    return OperationCompleted(
        account_id=account,
        operation_id=uuid(number),
        operation_type="image_generation",
        images=images(**counts),
    )


def failed(number: int, account: str = ANN, **said: Json) -> OperationFailed:
    fields: Fields = {"reason_code": "provider_error"} | said
    return OperationFailed(account_id=account, operation_id=uuid(number), **fields)


def cancelled(number: int, account: str = ANN) -> OperationCancelled:
    return OperationCancelled(account_id=account, operation_id=uuid(number))


def extension(number: int, seconds: int, account: str = ANN) -> ExtensionRequested:
    return ExtensionRequested(account_id=account, operation_id=uuid(number), extend_s=seconds)


def on_plan(code: str, account: str = ANN, **said: Json) -> SubscriptionStateChanged:
    """A subscription that lives, so that its plan counts."""
    fields: Fields = {"status": "active", "version": 1} | said
    return SubscriptionStateChanged(account_id=account, plan_code=code, **fields)


def now_is(status: str, account: str = ANN, **said: Json) -> AccountStatusChanged:
    fields: Fields = {"status": status, "version": 1} | said
    return AccountStatusChanged(account_id=account, **fields)


def plan_is(code: str, credits_a_month: int, **said: Json) -> PlanUpdated:
    fields: Fields = {"name": code.title(), "price": dollars(49_00), "version": 1} | said
    return PlanUpdated(plan_code=code, included_credits=credits_a_month, **fields)


def package_is(code: str, credits_given: int, **said: Json) -> PackageUpdated:
    fields: Fields = {"name": code.title(), "price": dollars(9_00), "version": 1} | said
    return PackageUpdated(package_code=code, credits=credits_given, **fields)


def key_of(message: Message) -> bytes | None:
    return None if message.account_id is None else message.account_id.encode()


def partition_for(message: Message) -> int:
    return 0 if message.account_id is None else lane_of(message.account_id) % PARTITIONS


def pairs(headers: Headers) -> list[tuple[str, bytes | None]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def raw_record(
    topic: str, value: bytes | None, key: bytes | None = None, headers: Headers = (), **where: int
) -> Record:
    """A record as the consumer gives it, whatever its bytes are.

    `where`: partition, offset (it rises by itself) and the broker's timestamp in milliseconds.
    """
    return ConsumerRecord(
        topic=topic,
        partition=where.get("partition", 0),
        offset=where["offset"] if "offset" in where else next(OFFSETS),
        timestamp=where.get("timestamp", NOW_MILLISECONDS),
        timestamp_type=1,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""),
        headers=tuple(pairs(headers)),
    )


def record(message: Message, headers: Headers = (), **where: int) -> Record:
    """A message under its account's key, in its lane's partition."""
    place = {"partition": partition_for(message)} | where
    return raw_record(message.topic, encode(message), key_of(message), headers, **place)


def reader(*types: type[Message], verifier: Verifier | None = None) -> Reader:
    """What reads these topics; without a verifier nobody's signature is known."""
    return Reader(types, PARTITIONS, Gate(verifier or Verifier({})))


def letter(message: Message, headers: Headers = (), **where: int) -> Letter:
    """What a handler is given of a message."""
    return reader(type(message)).read(record(message, headers, **where))


def outgoing(message: Message, headers: Headers = ()) -> Outgoing:
    """What a client gives to a `Publisher`."""
    written = [header(name, value) for name, value in pairs(headers)]
    stamp = stamped(key_of(message), encode(message), written, len(written))
    return Outgoing(message.topic, partition_for(message), stamp)
