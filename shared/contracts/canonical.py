"""Brings a value into the form that the types ask for, and names every field that cannot be.

The slow way in, for the few records that the decoder refuses or that are not plain ASCII:
upper-case ids, texts with blanks around them, letters that Unicode writes in two ways.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from types import UnionType
from typing import Annotated, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import inspect

from shared.contracts.errors import Problem
from shared.contracts.message import Part
from shared.contracts.types import MEANINGS, Json

Contract = TypeVar("Contract", bound=Part)
Mend: TypeAlias = Callable[[Json], Json]

MAX_DEPTH = 32
MAX_PROBLEMS = 100
MAX_REASON_LENGTH = 200  # What is wrong may quote what was sent.
MAX_DIGITS_KEPT = 30
REFUSALS = (msgspec.ValidationError, OverflowError, RecursionError)

# A string that never ends is read to the end, once: no text makes these run for long.
STRING = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
STRINGS = re.compile(STRING.encode(), re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")
NUMBER = r"(?<![\w.+-])-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?(?![\w.+-])"
STRINGS_AND_NUMBERS = re.compile(f"{STRING}|(?P<number>{NUMBER})".encode(), re.DOTALL)
OUT_OF_RANGE = b"9" * MAX_DIGITS_KEPT


def read(value: bytes) -> Json:
    """Parse JSON whose nesting is bounded; ValueError where it is not, or is no UTF-8 JSON."""
    if is_too_deep(value):
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    try:
        return msgspec.json.decode(value)
    except msgspec.ValidationError:  # Numbers that no machine number holds are read all the same.
        return msgspec.json.decode(STRINGS_AND_NUMBERS.sub(bounded, value))


def may_be_deep(value: bytes) -> bool:
    """Whether counting brackets, which is cheap, cannot tell that it is flat enough."""
    return value.count(b"[") + value.count(b"{") > MAX_DEPTH


def is_too_deep(value: bytes) -> bool:
    """Whether arrays and objects nest too deep, brackets inside of strings apart."""
    if not may_be_deep(value):
        return False
    depth = 0
    for bracket in BRACKETS.finditer(STRINGS.sub(b"", value)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def bounded(token: re.Match[bytes]) -> bytes:
    """A number that is out of every range becomes another one that is."""
    number = token["number"]
    if number is None or (len(number) <= MAX_DIGITS_KEPT and abs(float(number)) < float("inf")):
        return token[0]
    return OUT_OF_RANGE


def convert(value: Json, contract: type[Contract]) -> Contract | list[Problem]:
    """Make a message of a value, or say which of its fields are wrong."""
    mended = mending(contract)(value)
    try:
        return msgspec.convert(mended, contract)
    except REFUSALS:
        return list(islice(problems_at("", mended, contract), MAX_PROBLEMS))


@cache
def mending(contract: type[Part]) -> Mend:
    """What to do to a value of a contract, found once."""
    return mender_of(inspect.type_info(contract))


def mender_of(kind: inspect.Type, how: str | None = None) -> Mend:
    """Texts, ids and codes are written as their types want them; all else stays as it is."""
    match kind:
        case inspect.Metadata(type=inner, extra=extra):
            return mender_of(inner, (extra or {}).get("canonical"))
        case inspect.UnionType(types=types):
            return next((m for m in map(mender_of, types) if m is not as_it_is), as_it_is)
        case inspect.StructType(fields=fields):
            menders = {field.encode_name: mender_of(field.type) for field in fields}
            return partial(mend_fields, {k: m for k, m in menders.items() if m is not as_it_is})
        case inspect.ListType(item_type=item):
            return partial(mend_items, mender_of(item))
        case inspect.StrType() if how is not None:
            return HOW_TO_WRITE[how]
        case _:
            return as_it_is


def as_it_is(value: Json) -> Json:
    return value


def mend_fields(menders: dict[str, Mend], value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    mended = {name: mend(value[name]) for name, mend in menders.items() if name in value}
    return value | mended


def mend_items(mend: Mend, value: Json) -> Json:
    return [mend(item) for item in value] if isinstance(value, list) else value


def in_lower_case(value: Json) -> Json:
    """Of ASCII alone: other alphabets have letters whose lower case is one of ours."""
    return value.lower() if isinstance(value, str) and value.isascii() else value


def in_upper_case(value: Json) -> Json:
    return value.upper() if isinstance(value, str) and value.isascii() else value


def as_text(value: Json) -> Json:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


HOW_TO_WRITE: dict[str, Mend] = {"lower": in_lower_case, "upper": in_upper_case, "text": as_text}


def problems_at(path: str, value: Json, asked: object) -> Iterator[Problem]:
    """Try part by part, so that one answer names all that is to be mended."""
    inside = problems_inside(path, value, without_none(asked))
    if first := next(inside, None):
        yield first
        yield from inside
        return
    try:
        msgspec.convert(value, asked)
    except REFUSALS as refusal:
        yield problem_of(path, refusal)


def problems_inside(path: str, value: Json, asked: object) -> Iterator[Problem]:
    """Those of the fields of an object and of the items of a list."""
    if isinstance(value, dict) and isinstance(asked, type) and issubclass(asked, Part):
        yield from problems_of_fields(path, value, asked)
    elif isinstance(value, list) and get_origin(asked) is Sequence:
        (item,) = get_args(asked)
        for place, one in enumerate(value):
            yield from problems_at(f"{path}[{place}]", one, item)


def problems_of_fields(path: str, value: dict[str, Json], asked: type[Part]) -> Iterator[Problem]:
    for field in msgspec.structs.fields(asked):
        inner = f"{path}.{field.encode_name}".lstrip(".")
        if field.encode_name in value:
            yield from problems_at(inner, value[field.encode_name], field.type)
        elif field.required:
            yield Problem(path=inner, reason="Missing")


def without_none(asked: object) -> object:
    """The type inside of `Annotated` and of `X | None`."""
    if get_origin(asked) is Annotated:
        return without_none(get_args(asked)[0])
    if get_origin(asked) in {Union, UnionType}:
        return without_none(next(kind for kind in get_args(asked) if kind is not type(None)))
    return asked


WHERE = re.compile(r" - at `(?:key in )?\$?([^`]*)`$")
OF_FIELD = re.compile(r"^`([^`]+)`: ")
PATTERN = re.compile(r"Expected `str` matching regex (.*)", re.DOTALL)


def problem_of(path: str, refusal: Exception) -> Problem:
    """Read the place out of what was said: msgspec ends with it, our own checks begin with it."""
    said = str(refusal)
    if where := WHERE.search(said):
        path, said = path + where[1], said[: where.start()]
    if of_field := OF_FIELD.match(said):
        path, said = f"{path}.{of_field[1]}", said[of_field.end() :]
    if pattern := PATTERN.match(said):
        said = MEANINGS.get(pattern[1], "Expected other characters")
    return Problem(path=path.lstrip("."), reason=said[:MAX_REASON_LENGTH])
