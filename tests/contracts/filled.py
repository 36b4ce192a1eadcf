"""Messages with every field that they may have, and numbers as one chooses."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec import inspect

from shared.contracts import types
from shared.contracts.message import Message
from shared.contracts.types import Json

Numbers: TypeAlias = Mapping[str, int]  # By the path of the field; all others are small.

TIME = "2026-01-15T12:00:00.000Z"
UUID = "7d0f1a52-6c1b-4f0e-8b57-1f5f5d4c9e02"
BEYOND = (2**15, 2**31, 2**40, 2**53 - 1)  # More than columns of some kind hold.
TEXTS: Mapping[str | None, str] = {
    types.IS_UUID: UUID,
    types.IS_TIME: TIME,
    types.IS_TIME_OR_DATE: TIME,
    types.IS_DATE: TIME[:10],
    types.IS_WINDOW: TIME[:7],
    types.IS_COUNTRY: "DE",
    types.IS_EMAIL: "ann@example.org",
    types.IS_DEC: "1",
    types.IS_FACTOR: "1",
    types.IS_USD: "1.00000000",
    types.IS_UNIT_USD: "1.00000000",
}


def least_of(kind: inspect.IntType) -> int:
    return -types.MAX_INT if kind.ge is None else kind.ge


def most_of(kind: inspect.IntType) -> int:
    return types.MAX_INT if kind.le is None else kind.le


def extremes_of(kind: inspect.IntType) -> list[int]:
    least, most = least_of(kind), most_of(kind)
    beyond = [sign * number for number in BEYOND for sign in (1, -1)]
    return sorted({least, most, *(number for number in beyond if least <= number <= most)})


def numbers_in(message: type[Message]) -> Iterator[tuple[str, inspect.IntType]]:
    """Every field that holds a whole number, and its range."""
    return numbers_at("", inspect.type_info(message))


def numbers_at(path: str, kind: inspect.Type) -> Iterator[tuple[str, inspect.IntType]]:
    match kind:
        case inspect.IntType():
            yield path, kind
        case inspect.Metadata(type=inner) | inspect.ListType(item_type=inner):
            yield from numbers_at(path, inner)
        case inspect.UnionType(types=kinds):
            yield from numbers_at(path, kinds[0])
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from numbers_at(f"{path}.{field.encode_name}".lstrip("."), field.type)


def filled(message: type[Message], numbers: Numbers, said: Mapping[str, Json]) -> bytes:
    """Encode a message with all of its fields; those at the top may be said."""
    value = value_of(inspect.type_info(message), "", numbers)
    assert isinstance(value, dict)
    known = {name: one for name, one in said.items() if name in value}
    return msgspec.json.encode(value | known)


def value_of(kind: inspect.Type, path: str, numbers: Numbers) -> Json:
    match kind:
        case inspect.IntType():
            return numbers.get(path, max(least_of(kind), min(1, most_of(kind))))
        case inspect.Metadata(type=inner):
            return value_of(inner, path, numbers)
        case inspect.UnionType(types=kinds):
            return value_of(kinds[0], path, numbers)
        case inspect.ListType(item_type=item):
            return [value_of(item, path, numbers)]
        case inspect.StructType(fields=fields):
            paths = {one.encode_name: f"{path}.{one.encode_name}".lstrip(".") for one in fields}
            return {
                one.encode_name: value_of(one.type, paths[one.encode_name], numbers)
                for one in fields
            }
        case _:
            return plain(kind)


def plain(kind: inspect.Type) -> Json:
    match kind:
        case inspect.LiteralType(values=words):
            return words[0]
        case inspect.StrType(pattern=pattern):
            return TEXTS.get(pattern, "a")
        case inspect.BoolType():
            return True
        case _:
            return {}
