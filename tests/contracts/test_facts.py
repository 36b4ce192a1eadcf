"""What facts are told apart by, and what is written when a field says nothing."""

import msgspec
import pytest

from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES
from shared.contracts.credits import (
    AlertRaised,
    BalanceChanged,
    CreditsAdjusted,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    HealthReported,
    OperationReplied,
    RunClosed,
    ShortfallRecorded,
    StageCharged,
    UsageRecorded,
)
from shared.contracts.credits.prices import CostConfigUpdated, ModelPriceUpdated
from shared.contracts.limits import (
    LimitDenied,
    MemberChanged,
    OverageDetected,
    TeamInvited,
    ThresholdReached,
    UsageChanged,
    WindowOpened,
)
from shared.contracts.message import Message, encode
from tests.contracts.making import ACCOUNT, OTHER, TIME, Json, valid

OPERATION, RUN, REFUND, DISPUTE, INVOICE = (
    f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 6)
)
AFTER = {"seq": 1, "version": 7, "balance_after": 90, "available_after": 80, "at": TIME}
HELD = {**AFTER, "reservation_id": OTHER, "kind": "operation"}
CHARGED = {
    **AFTER,
    "operation_type": "a",
    "charged": 1,
    "shortfall": 0,
    "late": False,
}
GRANTED = {
    **AFTER,
    "invoice_id": INVOICE,
    "kind": "subscription",
    "code": "free",
    "granted": 0,
    "bucket": "plan",
    "reason": "paid",
}
REVOKED = {
    **AFTER,
    "payment_id": OTHER,
    "invoice_id": INVOICE,
    "revoked": 1,
    "unrecovered": 0,
    "bucket": "plan",
    "forced": False,
}


@pytest.mark.parametrize(
    ("contract", "fields", "subject"),
    [
        (
            CreditsReserved,
            {**HELD, "estimated": 1, "held": 1, "operation_id": OPERATION},
            OTHER,
        ),
        (
            CreditsCommitted,
            {**CHARGED, "operation_id": OPERATION, "released": 0, "plan_delta": -1}
            | {"purchased_delta": 0},
            OPERATION,
        ),
        (CreditsReleased, {**HELD, "released": 1, "reason": "x", "run_id": RUN}, RUN),
        (CreditsReleased, {**HELD, "released": 1, "reason": "x", "refund_id": REFUND}, REFUND),
        (CreditsReleased, {**HELD, "released": 1, "reason": "x", "dispute_id": DISPUTE}, DISPUTE),
        (
            CreditsReleased,
            {**HELD, "released": 1, "reason": "x", "operation_id": OPERATION, "run_id": RUN},
            OPERATION,
        ),
        (CreditsExpired, {**HELD, "released": 1, "expires_at": TIME, "run_id": RUN}, RUN),
        (
            CreditsExpired,
            {**HELD, "released": 1, "expires_at": TIME, "run_id": RUN, "operation_id": OPERATION},
            OPERATION,
        ),
        (CreditsGranted, {**GRANTED, "line": 2}, f"{INVOICE}:2"),
        (CreditsGranted, {**GRANTED, "refund_id": REFUND}, REFUND),
        (CreditsRevoked, {**REVOKED, "refund_id": REFUND}, REFUND),
        (CreditsRevoked, {**REVOKED, "dispute_id": DISPUTE}, DISPUTE),
        (
            CreditsAdjusted,
            {**AFTER, "transaction_id": RUN, "adjustment_id": OTHER, "amount": -1}
            | {"bucket": "plan", "reason": "penalty"},
            OTHER,
        ),
        (ShortfallRecorded, {**CHARGED, "operation_id": OPERATION}, OPERATION),
        (
            StageCharged,
            {"run_id": RUN, "stage": 3, "credits": 1, "operations": 1, "shortfall": 0}
            | {"run_remaining": 0},
            f"{RUN}:3",
        ),
        (
            RunClosed,
            {"run_id": RUN, "state": "expired", "estimated": 1, "charged": 0, "released": 1}
            | {"shortfall": 0, "stages": []},
            RUN,
        ),
        (
            BalanceChanged,
            {"balance": 1, "held": 0, "available": 1, "plan_bucket": 1, "purchased_bucket": 0}
            | {"plan_code": "free", "plan_credits_per_month": 2000, "used_this_month": 0}
            | {"window": "2026-01", "status": "active", "seq": 1, "version": 7, "at": TIME},
            "7",
        ),
        (
            UsageChanged,
            {"plan_code": "free", "status": "active", "limits": [], "window": "2026-01"}
            | {"version": 7, "at": TIME},
            "7",
        ),
        (
            LimitDenied,
            {"limit_type": "sites", "request_id": OTHER, "requested": 1, "current": 1, "held": 0}
            | {"reason": "limit_reached"},
            OTHER,
        ),
        (
            ThresholdReached,
            {"type": "keywords", "threshold": 80, "used": 80, "limit": 100, "window": "2026-01"},
            "keywords:2026-01:100:80",
        ),
        (WindowOpened, {"window": "2026-02", "resets_at": TIME, "version": 8}, "2026-02"),
        (OverageDetected, {"items": [], "version": 9}, "9"),
        (
            TeamInvited,
            {"member_id": RUN, "invite_id": OTHER, "email": "ann@example.org", "role": "viewer"}
            | {"site_access": [], "invited_by": "u-1", "expires_at": TIME},
            OTHER,
        ),
        (
            MemberChanged,
            {
                "member": {"member_id": RUN, "email": "", "role": "viewer", "site_access": []}
                | {"state": "removed", "last_seen_sites": []},
                "change": "removed",
            },
            f"{RUN}:removed",
        ),
    ],
)
def test_a_fact_is_told_apart_by_what_it_is_about(
    contract: type[Message], fields: dict[str, Json], subject: str
) -> None:
    assert valid(contract, **fields).subject == subject


def test_prices_are_told_apart_by_their_versions() -> None:
    cost = msgspec.convert(
        {**msgspec.to_builtins(COST_CONFIGS[0]), "price_version": 9}, CostConfigUpdated
    )
    model = msgspec.convert(
        {**msgspec.to_builtins(MODEL_PRICES[0]), "price_version": 9}, ModelPriceUpdated
    )
    assert cost.subject == "clustering:1"
    assert model.subject == "gpt-5.1:1"


def test_an_alert_says_what_it_is_about_and_is_told_apart_by_its_id() -> None:
    alert = valid(
        AlertRaised,
        alert_id=OTHER,
        source="credits",
        audience="ops",
        kind="price.missing",
        severity="error",
        subject="gpt-9",
        title="A price is missing",
        message="gpt-9 has no price.",
        data={"model": "gpt-9"},
        window="2026-01",
        created_at=TIME,
    )
    assert alert.subject == OTHER
    assert msgspec.json.decode(encode(alert))["subject"] == "gpt-9"


def test_health_is_told_apart_by_process_and_moment() -> None:
    report = HealthReported(
        service="credits",
        instance="credits-1",
        status="healthy",
        lag_records=0,
        oldest_age_s=0,
        error_rate="0.000",
        p95_ms=3,
        at=TIME,
    )
    assert report.account_id is None
    assert report.subject == f"credits-1:{TIME}"


def test_a_usage_row_stands_flat_and_what_is_unknown_is_left_out() -> None:
    row = UsageRecorded(
        account_id=ACCOUNT,
        usage_id=OTHER,
        operation_id=OPERATION,
        operation_type="a",
        label="A",
        credits_used=0,
        items_created=0,
        source="manual",
        status="failed",
        estimated_tokens=False,
        shortfall=0,
        price_version=1,
        created_at=TIME,
    )
    assert row.subject == OTHER
    written = msgspec.json.decode(encode(row))
    assert written["credits_used"] == 0
    assert written["estimated_tokens"] is False
    assert "cost_usd" not in written


def test_a_repeat_is_marked_beside_the_status_and_a_first_answer_is_not() -> None:
    first = OperationReplied(
        account_id=ACCOUNT, command="ai.operation.requested", id=OTHER, status="ok"
    )
    repeat = msgspec.structs.replace(first, replayed=True)
    assert "replayed" not in msgspec.json.decode(encode(first))
    assert msgspec.json.decode(encode(repeat)) == {
        "account_id": ACCOUNT,
        "topic": "ai.operation.requested",
        "id": OTHER,
        "status": "ok",
        "replayed": True,
    }
