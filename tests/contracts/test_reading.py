"""What may stand on the wire at all: JSON, its depth, its numbers, its letters."""

import json
import time
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import canonical
from shared.contracts.credits import OperationCancelled, OperationRequested
from tests.contracts.making import ACCOUNT, JSON, OTHER, Json, paths_of

CANCELLED = f'"account_id": "{ACCOUNT}", "operation_id": "{OTHER}"'
MEBIBYTE = 1024 * 1024
FAST_ENOUGH_SECONDS = 1.0


def cancelled(also: str = "") -> bytes:
    return f"{{{CANCELLED}{also}}}".encode()


def decode_fast(value: bytes) -> OperationCancelled:
    return msgspec.json.decode(value, type=OperationCancelled)


def decode_slowly(value: bytes) -> Json:
    return canonical.convert(canonical.read(value), OperationCancelled)


@pytest.mark.parametrize(
    "also", ["", ', "by": null', ', "new": {"a": [1.5, true]}', ', "x": 1e999']
)
def test_fields_that_nobody_knows_are_ignored(also: str) -> None:
    message = OperationCancelled(account_id=ACCOUNT, operation_id=OTHER)
    assert decode_fast(cancelled(also)) == message
    assert decode_slowly(cancelled(also)) == message


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b"null{",
        cancelled()[:-5],
        cancelled() + b"x",
        b"\xef\xbb\xbf" + cancelled(),
        cancelled(', "by": NaN'),
        cancelled(', "new": NaN'),
        cancelled(', "by": Infinity'),
        cancelled(', "new": -Infinity'),
        cancelled(', "new": 01'),
        cancelled(', "by": "\\ud800"'),
        cancelled(', "new": "\\ud800"'),
        cancelled(', "new": "\\udc00\\ud800"'),
        cancelled(', "x": 1e999, "y": 1e999e9'),
        cancelled(', "new": "') + b"\xff" + b'"}',
        cancelled(', "new": "') + b"\xed\xa0\x80" + b'"}',
    ],
)
def test_what_is_no_json_text_is_undecodable(value: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        canonical.read(value)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "01", "nul", '"a\nb"'])
def test_what_is_no_json_text_is_undecodable_also_on_the_fast_way(word: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_fast(cancelled(f', "new": {word}'))


@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_values_nest_32_deep_and_no_deeper(brackets: tuple[str, str]) -> None:
    opening, closing = brackets
    deepest = f'{{"new": {opening * 31}1{closing * 31}}}'.encode()
    too_deep = f'{{"new": {opening * 32}1{closing * 32}}}'.encode()
    assert canonical.read(deepest) == json.loads(deepest)
    with pytest.raises(ValueError, match="deeper than 32"):
        canonical.read(too_deep)


def test_brackets_inside_of_texts_nest_nothing() -> None:
    value = json.dumps({"a": "[" * 40 + '"\\' + "{" * 40, "b": [[1]]}).encode()
    assert canonical.may_be_deep(value)
    assert canonical.read(value)["b"] == [[1]]


def test_many_brackets_side_by_side_are_flat() -> None:
    value = json.dumps({"rows": [[{}] for _ in range(100)]}).encode()
    assert len(canonical.read(value)["rows"]) == 100


@pytest.mark.parametrize("value", [b'{"a": 1, "a": 2}', b'{"a": "x", "a": 2}'])
def test_of_equal_keys_the_last_counts(value: bytes) -> None:
    assert canonical.read(value) == {"a": 2}


def test_of_equal_keys_the_last_counts_also_where_the_first_is_of_another_type() -> None:
    value = cancelled(', "by": 7, "by": "web"')
    assert decode_slowly(value).by == "web"


@pytest.mark.parametrize("digits", [20, 30, 31, 400, 5_000, MEBIBYTE // 2])
@pytest.mark.parametrize("sign", ["", "-"])
def test_whole_numbers_of_any_length_are_read_and_are_invalid(digits: int, sign: str) -> None:
    said = canonical.read(cancelled(f', "operation_type": "a", "stage": {sign}{"9" * digits}'))
    assert "stage" in paths_of(said, OperationRequested)


@settings(deadline=None)
@given(JSON)
def test_what_python_writes_is_read_as_it_was(value: Json) -> None:
    assert canonical.read(json.dumps(value).encode()) == value
    assert canonical.read(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_the_bytes_are_reading_ends_with_a_value_or_a_value_error(value: bytes) -> None:
    with suppress(ValueError):
        canonical.read(value)


@pytest.mark.parametrize(
    "value",
    [
        b"[" * MEBIBYTE,
        b'"' * MEBIBYTE + b"[" * 40,
        b"[" * 40 + b'"' + b'\\"' * (MEBIBYTE // 2),
        b"[" * 40 + b'"' + b"\\" * MEBIBYTE,
        b'{"a": [' + b",".join([b"1e999"] * 150_000) + b"]}",
        b"[1e999, " + b"0" * MEBIBYTE,
        b"[1e999, " + b"1." * (MEBIBYTE // 2),
    ],
)
def test_no_value_takes_long_to_read(value: bytes) -> None:
    started = time.process_time()
    with suppress(ValueError):
        canonical.read(value)
    assert time.process_time() - started < FAST_ENOUGH_SECONDS
