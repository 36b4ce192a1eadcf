"""What a field may hold: the limits of every type, and what is mended."""

import msgspec
import pytest
from msgspec import inspect

from shared.contracts import canonical, types
from shared.contracts.credits import OperationCompleted, OperationRequested
from shared.contracts.message import Message
from tests.contracts.least import (
    ADJUSTMENT,
    COMPLETED,
    COST,
    EXTENSION,
    FAILED,
    FREEZE,
    HOLD,
    MODEL,
    READ,
    REFUND,
    REQUEST,
    RUN,
    STAGE,
    Least,
)
from tests.contracts.making import OTHER, TIME, Json

MAX_INT = 2**53 - 1
USD = {"amount_minor": 2900, "currency": "USD"}


def read(least: Least, **fields: Json) -> Message:
    converted = canonical.convert(least.but(**fields), least.contract)
    assert isinstance(converted, least.contract), converted
    return converted


def limits(least: Least, field: str, least_value: int, most: int) -> list[tuple[Json, ...]]:
    return [(least, field, least_value, True), (least, field, most, True)] + [
        (least, field, value, False) for value in (least_value - 1, most + 1)
    ]


@pytest.mark.parametrize(
    ("least", "field", "value", "is_valid"),
    [
        *limits(REQUEST, "hold_ttl_s", 60, 7200),
        *limits(REQUEST, "stage", -MAX_INT, MAX_INT),
        *limits(COMPLETED, "tokens_input", 0, MAX_INT),
        *limits(COMPLETED, "requests", 0, MAX_INT),
        *limits(FAILED, "response_time_ms", 0, MAX_INT),
        *limits(EXTENSION, "extend_s", 60, 7200),
        *limits(RUN, "hold_ttl_s", 60, 86_400),
        *limits(STAGE, "stage", 1, 99),
        *limits(FREEZE, "credits", 1, 10**9),
        *limits(ADJUSTMENT, "amount", -(10**9), 10**9),
        *limits(REFUND, "credits_to_revoke", 0, 10**12),
        *limits(HOLD, "quantity", 1, 1_000_000),
        *limits(HOLD, "ttl_s", 30, 7200),
        *limits(COST, "unit_size", 1, MAX_INT),
        *limits(COST, "min_credits", 0, 10**12),
        *limits(COST, "expected_version", 0, MAX_INT),
    ],
)
def test_numbers_have_limits(*, least: Least, field: str, value: int, is_valid: bool) -> None:
    assert least.wrong(**{field: value}) == ([] if is_valid else [field])


@pytest.mark.parametrize("value", [True, 5.0, 5.5, "5", [5], 1e300])
def test_a_number_is_written_as_a_whole_number(value: Json) -> None:
    assert COMPLETED.wrong(tokens_input=value) == ["tokens_input"]


@pytest.mark.parametrize("value", [0, 1, "true", "false"])
def test_a_yes_or_no_is_no_number_and_no_text(value: Json) -> None:
    assert FREEZE.wrong(allow_partial=value) == ["allow_partial"]


@pytest.mark.parametrize(
    ("least", "field", "longest"),
    [
        (REQUEST, "model", 100),
        (REQUEST, "user_id", 100),
        (COMPLETED, "details", 200),
        (FAILED, "message", 500),
        (ADJUSTMENT, "note", 500),
    ],
)
def test_texts_are_counted_in_code_points_after_trimming(
    least: Least, field: str, longest: int
) -> None:
    text = "\N{GRINNING FACE}" * longest
    assert getattr(read(least, **{field: f"\N{NO-BREAK SPACE}\t{text} \n"}), field) == text
    assert least.wrong(**{field: text + "x"}) == [field]


@pytest.mark.parametrize(
    ("least", "field"), [(REQUEST, "model"), (REQUEST, "user_id"), (ADJUSTMENT, "note")]
)
@pytest.mark.parametrize("text", ["", " ", "\N{NO-BREAK SPACE}\n"])
def test_a_text_that_must_say_something_is_not_blank(least: Least, field: str, text: str) -> None:
    assert least.wrong(**{field: text}) == [field]


def test_a_text_that_need_not_say_anything_may_be_blank() -> None:
    said = read(COMPLETED, details=" ", related={"type": "a", "id": "1", "title": ""})
    assert isinstance(said, OperationCompleted)
    assert said.details == ""
    assert said.related is not None
    assert said.related.title == ""


@pytest.mark.parametrize("field", ["model", "user_id", "operation_type", "operation_id"])
def test_no_text_holds_nul(field: str) -> None:
    assert REQUEST.wrong(**{field: "a\0b"}) == [field]


def test_letters_that_unicode_writes_in_two_ways_are_written_in_one() -> None:
    said = read(REQUEST, model="Cafe\N{COMBINING ACUTE ACCENT}")
    assert isinstance(said, OperationRequested)
    assert said.model == "Caf\N{LATIN SMALL LETTER E WITH ACUTE}"


def test_ids_are_read_in_any_case_and_kept_in_lower_case() -> None:
    upper = {
        name: value.upper() for name, value in REQUEST.fields.items() if name != "operation_type"
    }
    said = read(REQUEST, **upper, site_id=OTHER.upper(), run_id=OTHER.title())
    assert said == read(REQUEST, site_id=OTHER, run_id=OTHER)


@pytest.mark.parametrize(
    "value",
    [
        "",
        OTHER[:-1],
        OTHER + "0",
        OTHER + "\n",
        f"{{{OTHER}}}",
        OTHER.replace("-", ""),
        OTHER.replace("7", "g"),
        OTHER.replace("7", "\N{FULLWIDTH DIGIT SEVEN}"),
        7,
        None,
    ],
)
def test_an_id_is_a_uuid_of_36_characters(value: Json) -> None:
    for field in ("account_id", "operation_id"):
        assert REQUEST.wrong(**{field: value}) == [field]


@pytest.mark.parametrize("value", ["a", "0", "a" * 50, "content_generation", "google:4@2.x-y"])
def test_a_code_is_a_slug(value: str) -> None:
    assert REQUEST.wrong(operation_type=value) == []


@pytest.mark.parametrize(
    "value",
    ["", "A", "a" * 51, "_a", ".a", "a b", " a", "a\n", "\N{LATIN SMALL LETTER E WITH ACUTE}"],
)
def test_what_is_no_slug_is_no_code(value: str) -> None:
    assert REQUEST.wrong(operation_type=value) == ["operation_type"]


@pytest.mark.parametrize(
    ("least", "field"),
    [
        (REQUEST, "source"),
        (FREEZE, "bucket"),
        (ADJUSTMENT, "reason"),
        (COST, "mode"),
        (READ, "source"),
    ],
)
@pytest.mark.parametrize("word", ["", "PLAN", "other", 1, True])
def test_words_of_closed_lists_are_those_of_the_list(least: Least, field: str, word: Json) -> None:
    assert least.wrong(**{field: word}) == [field]


@pytest.mark.parametrize(
    "value", [TIME, "0001-01-01T00:00:00Z", "9999-12-31t23:59:59.123456+14:00"]
)
def test_of_producers_times_any_year_is_read(value: str) -> None:
    assert COMPLETED.wrong(completed_at=value) == []


@pytest.mark.parametrize("value", ["", "2026-01-15", "2026-01-15 12:00:00Z", TIME[:-1], 1768478400])
def test_a_time_is_written_as_rfc_3339(value: Json) -> None:
    assert COMPLETED.wrong(completed_at=value) == ["completed_at"]


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ("0.03250000", True),
        ("999999.99999999", True),
        ("0.0325", False),
        ("-0.03250000", False),
        ("1000000.00000000", False),
        ("1e-800000000", False),
        (".03250000", False),
        (0.0325, False),
    ],
)
def test_dollars_of_cost_are_a_decimal_with_8_places(*, value: Json, is_valid: bool) -> None:
    field = "cost_per_image"
    wrong = [] if is_valid else [field]
    assert MODEL.wrong(**{field: value}) == wrong


@pytest.mark.parametrize("value", ["0.100", "1", "999.999"])
def test_a_multiplier_has_up_to_3_places(value: str) -> None:
    assert MODEL.wrong(credit_multiplier=value) == []


@pytest.mark.parametrize("value", ["-1", "1000", "0.0001", "1e2", "1,5", 1])
def test_a_multiplier_is_no_other_number(value: Json) -> None:
    assert MODEL.wrong(credit_multiplier=value) == ["credit_multiplier"]


@pytest.mark.parametrize("currency", ["EUR", "usd", "", None])
def test_money_of_another_currency_is_invalid(currency: Json) -> None:
    amount = {"amount_minor": 1, "currency": currency}
    assert REFUND.wrong(amount=amount) == ["amount.currency"]


def test_money_is_whole_cents() -> None:
    amount = {**USD, "amount_minor": 29.0}
    assert REFUND.wrong(amount=amount) == ["amount.amount_minor"]


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (types.Country, "pk", "PK"),
        (types.Email, " Anna@Example.org ", "Anna@Example.org"),
        (types.Window, "2026-12", "2026-12"),
        (types.Date, "2026-01-15", "2026-01-15"),
        (types.TimeOrDate, "2026-01-15", "2026-01-15"),
        (types.TimeOrDate, TIME, TIME),
    ],
)
def test_other_types_are_mended_alike(kind: type, given: str, kept: str) -> None:
    mended = canonical.mender_of(inspect.type_info(kind))(given)
    assert msgspec.convert(mended, kind) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (types.Country, "\N{LATIN SMALL LETTER SHARP S}"),
        (types.Country, "PAK"),
        (types.Email, "anna"),
        (types.Email, "a@b@c"),
        (types.Window, "2026-13"),
        (types.Window, "2026-1"),
        (types.Date, TIME),
        (types.Limit, -1),
    ],
)
def test_other_types_have_their_limits(kind: type, given: Json) -> None:
    mended = canonical.mender_of(inspect.type_info(kind))(given)
    assert [problem.path for problem in canonical.problems_at("it", mended, kind)] == ["it"]
