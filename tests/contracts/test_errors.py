"""Every no has one shape: its words, and the fields of its code flat beside it."""

from typing import get_args

import msgspec
import pytest

from shared.contracts.errors import (
    Error,
    ErrorCode,
    Problem,
    conflict,
    forbidden,
    invalid,
    not_found,
    unavailable,
)
from tests.contracts.making import OTHER, TIME, Json

WORDS = {"http_status": 402, "title": "No", "message": "Not now.", "retryable": False} | {
    "suggestions": [],
    "actions": [],
}
USD = {"amount_minor": 725, "currency": "USD"}
STAGE = {"stage": 1, "operation_type": "clustering", "count": 1, "estimated": 10}
SHORT = {"required": 50, "available": 40, "shortfall": 10, "held": 0, "unit": "credits"}
STATE_OF_ACCOUNT = {"reason": "unpaid", "since": TIME}
UNKNOWN = {"allowed": ["clustering"]}
GONE = {"alternatives": ["pro"]}
SILENT = {"retry_after_s": 5, "query_id": OTHER}
UNREADABLE = {"rows": 50_001, "limit": 50_000, "size_bytes": 1, "reason": "too many rows"}

OF_CODE: dict[str, dict[str, Json]] = {
    "limit.reached": {"limit_type": "keywords", "current": 998, "held": 3, "limit": 1_000}
    | {"requested": 10, "available": 2, "over_by": 0, "unit": "keywords", "resets_at": TIME}
    | {"candidates": 10},
    "feature.not.included": {"limit_type": "ahrefs_queries", "limit": 0, "plan_code": "starter"},
    "credits.insufficient": SHORT,
    "run.credits.insufficient": {**SHORT, "per_stage": [STAGE], "fitting_stages": [1]},
    "account.suspended": STATE_OF_ACCOUNT,
    "account.cancelled": STATE_OF_ACCOUNT,
    "forbidden": {"roles": ["admin"]},
    "topup.not.allowed": {"plan_code": "free"},
    "not.found": {"kind": "run"},
    "conflict": {"kind": "operation", "state": "released", "version": 3},
    "keyword.duplicate": {"keyword_id": OTHER},
    "refund.exceeds.unspent": {"refundable": USD, "unspent_credits": 500},
    "invalid": {"fields": [{"path": "estimate.images[0].count", "reason": "Missing"}]},
    "import.unreadable": UNREADABLE,
    "import.too.large": UNREADABLE,
    "operation.unknown": UNKNOWN,
    "operation.disabled": UNKNOWN,
    "model.unknown": UNKNOWN,
    "package.unavailable": GONE,
    "plan.unavailable": GONE,
    "method.unavailable": GONE,
    "payment.declined": {"reason": "expired card", "invoice_id": OTHER, "payment_id": OTHER},
    "provider.failed": SILENT,
    "provider.timeout": SILENT,
    "rate.limited": {"retry_after_s": 5},
    "unavailable": {"retry_after_s": 5},
}


def test_codes_are_a_closed_list() -> None:
    assert OF_CODE.keys() == set(get_args(ErrorCode))


@pytest.mark.parametrize("code", sorted(OF_CODE))
def test_the_fields_of_a_code_stand_flat_beside_it(code: str) -> None:
    said = {"code": code, **WORDS, **OF_CODE[code]}
    error = msgspec.convert(said, Error)
    assert msgspec.json.decode(msgspec.json.encode(error)) == said


def test_suggestions_say_what_to_buy_and_actions_where() -> None:
    said = {
        "code": "credits.insufficient",
        **WORDS,
        "suggestions": [
            {"kind": "buy_package", "text": "Buy.", "package_code": "starter"}
            | {"credits": 500, "price": USD},
            {"kind": "upgrade_plan", "text": "Upgrade.", "plan_code": "growth", "limit": 5},
        ],
        "actions": [{"label": "Buy Credits", "kind": "open", "target": "purchase"}],
    }
    error = msgspec.convert(said, Error)
    assert msgspec.json.decode(msgspec.json.encode(error)) == said


def test_an_invalid_command_names_its_fields() -> None:
    error = invalid([Problem(path="model", reason="Missing"), Problem(path="", reason="Odd")])
    assert (error.code, error.http_status, error.retryable) == ("invalid", 422, False)
    assert error.message == "Please check model."
    assert invalid([]).message == "Please check what you sent."


def test_the_roles_that_may_are_named_in_order() -> None:
    error = forbidden(frozenset({"owner", "admin", "developer"}))
    assert (error.code, error.http_status) == ("forbidden", 403)
    assert error.roles == ["admin", "developer", "owner"]


def test_what_cannot_be_checked_may_be_tried_again() -> None:
    error = unavailable()
    assert (error.code, error.http_status, error.retryable) == ("unavailable", 503, True)
    assert error.retry_after_s is not None


def test_a_conflict_says_what_is_there_already() -> None:
    error = conflict("operation", "released", "It was cancelled.", version=2)
    assert (error.code, error.http_status) == ("conflict", 409)
    assert (error.kind, error.state, error.version) == ("operation", "released", 2)


def test_what_is_not_there_is_not_found() -> None:
    error = not_found("run")
    assert (error.code, error.http_status, error.kind) == ("not.found", 404, "run")
