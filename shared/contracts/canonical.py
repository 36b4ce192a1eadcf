"""Brings a value into the form that the types ask for, and names every field that cannot be.

The slow way in, for the few records that the decoder refuses or that are not plain ASCII:
upper-case ids, texts with blanks around them, letters that Unicode writes in two ways.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import inspect

from shared.contracts.errors import Problem
from shared.contracts.message import Part

Json: TypeAlias = Any  # What JSON can say: the one place where a value has no type yet.
Contract = TypeVar("Contract", bound=Part)

MAX_DEPTH = 32
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
BRACKETS = re.compile(rb"[\[\]{}]")


def read(value: bytes) -> Json:
    """Parse JSON whose nesting is bounded; ValueError where it is not, or is no UTF-8 JSON."""
    value.decode()
    if depth_of(value) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return msgspec.json.decode(value)


def may_be_deep(value: bytes) -> bool:
    """Whether counting brackets, which is cheap, cannot tell that it is flat enough."""
    return value.count(b"[") + value.count(b"{") > MAX_DEPTH


def depth_of(value: bytes) -> int:
    """How deep arrays and objects nest, brackets inside of strings apart."""
    if not may_be_deep(value):
        return 0
    depth = deepest = 0
    for bracket in BRACKETS.finditer(STRINGS.sub(b"", value)):
        depth += 1 if bracket[0] in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def convert(value: Json, contract: type[Contract]) -> Contract | list[Problem]:
    """Make a message of a value, or say which of its fields are wrong."""
    mended = mend(value, described(contract))
    try:
        return msgspec.convert(mended, contract)
    except (msgspec.ValidationError, OverflowError, RecursionError) as problem:
        return list(problems_in(mended, contract)) or [problem_of("", problem)]


@cache
def described(contract: type) -> inspect.Type:
    return inspect.type_info(contract)


def mend(value: Json, kind: inspect.Type, how: str | None = None) -> Json:
    """Write texts, ids and codes as their types want them; everything else stays as it is."""
    match kind:
        case inspect.Metadata(type=inner, extra=extra):
            return mend(value, inner, (extra or {}).get("canonical"))
        case inspect.UnionType(types=types):
            return mend_one_of(value, types)
        case inspect.StructType(fields=fields) if isinstance(value, dict):
            known = {field.encode_name: field.type for field in fields}
            return {k: mend(v, known[k]) if k in known else v for k, v in value.items()}
        case inspect.ListType(item_type=item) if isinstance(value, list):
            return [mend(one, item) for one in value]
        case inspect.StrType() if isinstance(value, str):
            return mend_text(value, how)
        case _:
            return value


def mend_one_of(value: Json, types: tuple[inspect.Type, ...]) -> Json:
    return next((m for m in (mend(value, kind) for kind in types) if m != value), value)


def mend_text(value: str, how: str | None) -> str:
    match how:
        case "lower":
            return value.lower()
        case "upper":
            return value.upper()
        case "text":
            return unicodedata.normalize("NFC", value).strip()
        case _:
            return value


def problems_in(value: Json, contract: type[Part]) -> Iterator[Problem]:
    """Try field by field, so that one answer names all that is to be mended."""
    if not isinstance(value, dict):
        yield Problem(path="", reason="Expected a JSON object")
        return
    for field in msgspec.structs.fields(contract):
        if field.encode_name not in value:
            if field.required:
                yield Problem(path=field.encode_name, reason="Missing")
            continue
        try:
            msgspec.convert(value[field.encode_name], field.type)
        except (msgspec.ValidationError, OverflowError, RecursionError) as problem:
            yield problem_of(field.encode_name, problem)


MISSING = re.compile(r"missing required field `([^`]+)`")
WHERE = re.compile(r" - at `(?:key in )?\$?([^`]*)`$")


def problem_of(field: str, problem: Exception) -> Problem:
    """Read the path out of msgspec's words, which it writes as `$.images[0].count`."""
    said = str(problem)
    where = WHERE.search(said)
    path = field + (where[1] if where else "")
    if missing := MISSING.search(said):
        return Problem(path=f"{path}.{missing[1]}".strip("."), reason="Missing")
    reason = WHERE.sub("", said).replace("matching regex", "matching")
    return Problem(path=path.strip("."), reason=reason)
