"""Makes messages of any contract: the least that is valid, and whatever else is."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from shared.contracts import canonical, types
from shared.contracts.message import Part

Json: TypeAlias = Any
Contract = TypeVar("Contract", bound=Part)

ACCOUNT = "0b8f7c1e-8a43-4d35-9d1f-2f7a3f0e6a11"
OTHER = "7d0f1a52-6c1b-4f0e-8b57-1f5f5d4c9e02"
TIME = "2026-01-15T12:00:00.000Z"

CODES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12
).map(str.strip)
TIMES = st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.000Z".rjust(24, "0"))
OF_PATTERN: Mapping[str | None, st.SearchStrategy[str]] = {
    None: st.text(st.characters(codec="utf-8"), max_size=12),
    types.IS_UUID: st.uuids().map(str),
    types.IS_CODE: CODES,
    types.IS_TEXT: TEXTS.filter(bool),
    types.IS_USD: st.decimals(0, 99999, places=8).map("{:.8f}".format),
    types.IS_UNIT_USD: st.decimals(0, 99999, places=8).map("{:.8f}".format),
    types.IS_DEC: st.decimals(-9999, 9999, places=3).map("{:.3f}".format),
    types.IS_FACTOR: st.decimals(0, 999, places=3).map("{:.3f}".format),
    types.IS_TIME: TIMES,
    types.IS_DATE: st.dates().map(str),
    types.IS_TIME_OR_DATE: TIMES | st.dates().map(str),
    types.IS_WINDOW: st.dates().map(lambda day: f"{day:%Y-%m}".rjust(7, "0")),
    types.IS_CURSOR: CODES,
    types.IS_EMAIL: CODES.map("{}@example.org".format),
    types.IS_COUNTRY: st.sampled_from(["DE", "PK", "US"]),
}
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def values_of(kind: inspect.Type) -> st.SearchStrategy[Json]:
    """Anything that a field of this type may hold, as JSON."""
    match kind:
        case inspect.Metadata(type=inner):
            return values_of(inner)
        case inspect.UnionType(types=kinds):
            return st.one_of([values_of(one) for one in kinds])
        case inspect.ListType(item_type=item, min_length=least):
            return st.lists(values_of(item), min_size=least or 0, max_size=(least or 0) + 2)
        case inspect.StructType(fields=fields):
            return objects_of(fields)
        case _:
            return plain_values_of(kind)


def plain_values_of(kind: inspect.Type) -> st.SearchStrategy[Json]:
    match kind:
        case inspect.IntType(ge=ge, le=le):
            return st.integers(-(2**53) + 1 if ge is None else ge, 2**53 - 1 if le is None else le)
        case inspect.LiteralType(values=words):
            return st.sampled_from(words)
        case inspect.StrType(pattern=pattern):
            return OF_PATTERN[pattern]
        case inspect.DictType():
            return st.dictionaries(TEXTS, JSON, max_size=3)
        case _:
            return {inspect.NoneType: st.none(), inspect.BoolType: st.booleans()}.get(
                type(kind), JSON
            )


def objects_of(fields: tuple[inspect.Field, ...]) -> st.SearchStrategy[Json]:
    needed = {field.encode_name: values_of(field.type) for field in fields if field.required}
    others = {field.encode_name: values_of(field.type) for field in fields if not field.required}
    return st.fixed_dictionaries(needed, optional=others)


def values_for(contract: type[Part]) -> st.SearchStrategy[Json]:
    """Values whose fields are right, one by one; what they must be together is not regarded."""
    return values_of(inspect.type_info(contract))


def paths_of(value: Json, contract: type[Part]) -> list[str]:
    """The fields that are wrong; none where the value is a message."""
    converted = canonical.convert(value, contract)
    return [problem.path for problem in converted] if isinstance(converted, list) else []


def valid(contract: type[Contract], **said: Json) -> Contract:
    """A message of the fields given, and the account that all tests speak of."""
    return msgspec.convert({"account_id": ACCOUNT, **said}, contract)
