"""How one kind of what credits says is read, and held against the rows that it is about."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import msgspec

from shared.contracts.message import Message
from shared.postgres import Transaction
from shared.verifying import Violation, violations_in

Row: TypeAlias = tuple[object, ...]
M = TypeVar("M", bound=Message)


class Kind(NamedTuple):
    """What is read of a topic, and what of it the rows do not say."""

    decode: Callable[[bytes], Message]
    differing: Callable[[Transaction, Sequence[Message]], Awaitable[Sequence[Violation]]]


def by_statement(said: type[M], statement: str, row_of: Callable[[M], Row | None]) -> Kind:
    """Give a statement a row of what is said each, where it is about us; it gives what differs."""

    async def differing(tx: Transaction, messages: Sequence[Message]) -> Sequence[Violation]:
        ours = [message for message in messages if isinstance(message, said)]
        rows = [row for message in ours if (row := row_of(message))]
        if not rows:
            return ()
        columns: Sequence[object] = [*zip(*rows, strict=True)]
        return violations_in(await tx.fetch(statement, *columns))

    return Kind(msgspec.json.Decoder(said).decode, differing)
