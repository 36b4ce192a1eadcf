"""What a message must hold, what its fields must be together, and how what is wrong is named."""

from collections.abc import Sequence

import msgspec
import pytest

from shared.contracts import canonical
from shared.contracts.credits import ExtensionRequested, OperationRequested, StageCompleted
from tests.contracts.least import (
    ADJUSTMENT,
    ALL,
    COMPLETED,
    CONFIRMED,
    COST,
    DELETED,
    EXTENSION,
    FAILED,
    HOLD,
    INVITE,
    INVOICE,
    NOT_CREATED,
    OVERRIDE,
    READ,
    REQUEST,
    ROLE,
    RUN,
    SITE,
    STAGE,
    Least,
)
from tests.contracts.making import ACCOUNT, OTHER, Json, paths_of

IMAGE = {"quality": "basic", "count": 1}
GRANT = {"line": 1, "kind": "upgrade", "credits": 1, "code": "growth"}
OPERATION = {"operation_id": OTHER}


def stage(number: int, **fields: Json) -> dict[str, Json]:
    return {"stage": number, "operation_type": "a", "count": 1, **fields}


@pytest.mark.parametrize("least", ALL, ids=lambda least: least.contract.__name__)
def test_what_must_be_there_is_enough(least: Least) -> None:
    assert msgspec.json.decode(msgspec.json.encode(least.fields), type=least.contract)
    assert paths_of(least.fields, least.contract) == []


@pytest.mark.parametrize("least", ALL, ids=lambda least: least.contract.__name__)
def test_each_field_that_is_missing_or_null_is_named(least: Least) -> None:
    needed = [f.encode_name for f in msgspec.structs.fields(least.contract) if f.required]
    for name in needed:
        assert paths_of({k: v for k, v in least.fields.items() if k != name}, least.contract) == [
            name
        ]
        assert least.wrong(**{name: None}) == [name]
    assert sorted(paths_of({}, least.contract)) == sorted(needed)


@pytest.mark.parametrize("least", ALL, ids=lambda least: least.contract.__name__)
def test_null_is_as_if_absent_wherever_a_field_may_be_absent(least: Least) -> None:
    optional = {
        field.encode_name: None
        for field in msgspec.structs.fields(least.contract)
        if not field.required and field.default is None and field.encode_name not in least.fields
    }
    whole = canonical.convert(least.fields, least.contract)
    assert canonical.convert(least.but(**optional), least.contract) == whole


@pytest.mark.parametrize(
    ("least", "field", "value", "wrong"),
    [
        (REQUEST, "estimate", {"tokens_input": 1}, ["estimate.tokens_output"]),
        (REQUEST, "estimate", {"tokens_output": 1, "words": 2}, ["estimate.tokens_input"]),
        (REQUEST, "estimate", {"images": []}, ["estimate.images"]),
        (REQUEST, "estimate", {"images": [IMAGE, IMAGE]}, ["estimate.images"]),
        (REQUEST, "estimate", {"images": [{**IMAGE, "count": 0}]}, ["estimate.images[0].count"]),
        (REQUEST, "estimate", {"images": [{**IMAGE, "count": 1001}]}, ["estimate.images[0].count"]),
        (REQUEST, "estimate", {"images": [{"count": 1}]}, ["estimate.images[0].quality"]),
        (REQUEST, "estimate", [], ["estimate"]),
        (REQUEST, "related", {"id": "", "type": "A"}, ["related.type", "related.id"]),
        (COMPLETED, "images", [], []),
        (COMPLETED, "images", [IMAGE, IMAGE], ["images"]),
        (COMPLETED, "items", {"kind": "poem", "count": 0}, []),
        (COMPLETED, "items", {"kind": "poem", "count": -1}, ["items.count"]),
        (COMPLETED, "tokens_input", None, []),
        (FAILED, "reason_code", "never_heard_of", []),
        (RUN, "stages", [], ["stages"]),
        (RUN, "stages", [stage(n) for n in range(1, 52)], ["stages"]),
        (RUN, "stages", [stage(n) for n in range(1, 51)], []),
        (RUN, "stages", [stage(2), stage(2)], ["stages[1].stage"]),
        (RUN, "stages", [stage(1), stage(3), stage(2)], ["stages[2].stage"]),
        (RUN, "stages", [stage(0), stage(100)], ["stages[0].stage", "stages[1].stage"]),
        (RUN, "stages", [stage(1, count=10_001)], ["stages[0].count"]),
        (STAGE, "operations", [], []),
        (STAGE, "operations", [OPERATION] * 500, []),
        (STAGE, "operations", [OPERATION] * 501, ["operations"]),
        (STAGE, "operations", [OPERATION, {}], ["operations[1].operation_id"]),
        (STAGE, "totals", {"images": [IMAGE, IMAGE]}, ["totals.images"]),
        (INVOICE, "grants", [GRANT, {**GRANT, "line": 0}], ["grants[1].line"]),
        (INVOICE, "grants", [{**GRANT, "credits": 10**9 + 1}], ["grants[0].credits"]),
        (ADJUSTMENT, "amount", 0, ["amount"]),
        (COST, "tokens_per_credit", None, ["tokens_per_credit"]),
        (COST, "mode", "fixed", ["credits_per_unit"]),
        (COST, "mode", "image", ["credits_per_unit"]),
        (SITE, "site_name", " ", ["site_name"]),
        (NOT_CREATED, "hold_id", None, ["hold_id"]),
        (INVITE, "role", "owner", ["role"]),
        (INVITE, "email", "ann.example.org", ["email"]),
        (INVITE, "email", " Ann@Example.org", []),
        (INVITE, "site_access", [OTHER, "x"], ["site_access[1]"]),
        (ROLE, "role", "system_bot", ["role"]),
        (ROLE, "site_access", [], []),
        (OVERRIDE, "limit", 0, []),
        (OVERRIDE, "limit", -1, ["limit"]),
        (OVERRIDE, "clear", True, []),
        (HOLD, "limit_type", "projects", ["limit_type"]),
        (CONFIRMED, "resources", [OTHER] * 100, []),
        (CONFIRMED, "resources", [OTHER] * 101, ["resources"]),
        (DELETED, "keyword_ids", [], ["keyword_ids"]),
        (DELETED, "keyword_ids", [OTHER] * 1001, ["keyword_ids"]),
        (READ, "alert_ids", [], ["alert_ids"]),
        (READ, "alert_ids", [OTHER] * 101, ["alert_ids"]),
        (READ, "alert_ids", [OTHER, "x"], ["alert_ids[1]"]),
        (EXTENSION, "operation_id", None, ["operation_id"]),
    ],
)
def test_what_stands_inside_is_named_by_its_path(
    least: Least, field: str, value: Json, wrong: Sequence[str]
) -> None:
    assert least.wrong(**{field: value}) == wrong


def test_a_hold_of_a_run_lives_longer_than_that_of_an_operation() -> None:
    of_a_run = {"account_id": ACCOUNT, "run_id": OTHER, "extend_s": 86_400}
    assert paths_of(of_a_run, ExtensionRequested) == []
    assert paths_of({**of_a_run, "extend_s": 86_401}, ExtensionRequested) == ["extend_s"]
    assert paths_of({**of_a_run, "operation_id": OTHER}, ExtensionRequested) == ["extend_s"]


def test_a_stage_is_reported_by_its_operations_or_as_one() -> None:
    both = {**STAGE.fields, "operations": [], "totals": {}}
    assert paths_of(both, StageCompleted) == ["totals"]


def test_a_limit_is_given_by_hand_or_cleared() -> None:
    assert OVERRIDE.wrong(limit=5, clear=True) == ["clear"]


def test_all_that_is_wrong_is_named_at_once() -> None:
    said = {
        "account_id": "x",
        "operation_type": "A",
        "estimate": {"tokens_input": -1, "images": [{"quality": "best", "count": 0}]},
        "hold_ttl_s": 59,
    }
    assert paths_of(said, OperationRequested) == [
        "account_id",
        "operation_id",
        "operation_type",
        "estimate.tokens_input",
        "estimate.images[0].quality",
        "estimate.images[0].count",
        "hold_ttl_s",
    ]


def test_a_long_list_of_wrong_fields_has_an_end() -> None:
    said = {**STAGE.fields, "operations": [{}] * 500}
    assert len(paths_of(said, StageCompleted)) == canonical.MAX_PROBLEMS


@pytest.mark.parametrize("value", [None, [], "x", 5, True, [{}]])
def test_a_value_is_an_object(value: Json) -> None:
    assert paths_of(value, OperationRequested) == [""]


def test_what_is_wrong_is_said_in_words() -> None:
    problems = canonical.convert(
        {"account_id": "x", "operation_id": 5, "operation_type": "A"}, OperationRequested
    )
    assert isinstance(problems, list)
    assert [problem.reason for problem in problems] == [
        "Expected a UUID, as 8-4-4-4-12 hexadecimal digits",
        "Expected `str`, got `int`",
        "Expected a code of a-z 0-9 . _ : @ -",
    ]


def test_what_is_wrong_is_said_without_repeating_all_that_was_sent() -> None:
    (problem,) = canonical.problems_at("", REQUEST.but(source="x" * 10_000), OperationRequested)
    assert problem.path == "source"
    assert len(problem.reason) == canonical.MAX_REASON_LENGTH
