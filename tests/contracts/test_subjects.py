"""What makes a request idempotent, and names what it causes, also where it cannot be read."""

import msgspec
import pytest

from shared.contracts.credits import (
    CreditsQuery,
    ExtensionRequested,
    OperationRequested,
    PaymentDisputed,
    SubscriptionStateChanged,
)
from shared.contracts.invoicing import Told
from shared.contracts.message import MAX_SUBJECT_LENGTH, Message, Request, encode
from tests.contracts import least
from tests.contracts.making import ACCOUNT, OTHER, Json, valid

RUN = "00000000-0000-4000-8000-000000000002"


@pytest.mark.parametrize(
    ("sent", "subject"),
    [
        (least.REQUEST, OTHER),
        (least.COMPLETED, OTHER),
        (least.FAILED, OTHER),
        (least.EXTENSION, OTHER),
        (least.RUN, OTHER),
        (least.STAGE, f"{OTHER}:1"),
        (least.FREEZE, OTHER),
        (least.ADJUSTMENT, OTHER),
        (least.COST, "a"),
        (least.MODEL, "gpt-5.1"),
        (least.INVOICE, OTHER),
        (least.REFUND, OTHER),
        (least.SITE, OTHER),
        (least.CREATED, OTHER),
        (least.NOT_CREATED, OTHER),
        (least.INVITE, OTHER),
        (least.ROLE, OTHER),
        (least.TRANSFER, OTHER),
        (least.SEEN, "u-1"),
        (least.OVERRIDE, "sites"),
        (least.HOLD, OTHER),
        (least.CONFIRMED, OTHER),
        (least.DELETED, OTHER),
        (least.READ, "credits"),
    ],
)
def test_a_message_is_named_by_its_natural_key(sent: least.Least, subject: str) -> None:
    message = msgspec.convert(sent.fields, sent.contract)
    assert message.subject == subject
    if issubclass(sent.contract, Request):
        assert sent.contract.subject_in(sent.fields) == subject


def test_catalogues_are_nobodys() -> None:
    assert msgspec.convert(least.COST.fields, least.COST.contract).account_id is None
    assert msgspec.convert(least.REQUEST.fields, least.REQUEST.contract).account_id == ACCOUNT


@pytest.mark.parametrize(
    "said", [{}, {"operation_id": None}, {"operation_id": 5}, {"operation_id": "x" * 201}]
)
def test_what_names_nothing_is_no_name(said: dict[str, Json]) -> None:
    assert OperationRequested.subject_in(said) == ""
    assert ExtensionRequested.subject_in(said) == ""


def test_an_extension_is_named_by_its_operation_or_else_by_its_run() -> None:
    assert valid(ExtensionRequested, run_id=RUN, extend_s=60).subject == RUN
    assert valid(ExtensionRequested, run_id=RUN, operation_id=OTHER, extend_s=60).subject == OTHER
    assert ExtensionRequested.subject_in({"run_id": RUN}) == RUN
    assert ExtensionRequested.subject_in({"run_id": RUN, "operation_id": OTHER}) == OTHER
    assert ExtensionRequested.subject_in({"run_id": 5}) == ""


def test_a_name_that_cannot_be_an_id_is_still_told_back() -> None:
    name = "x" * MAX_SUBJECT_LENGTH
    assert CreditsQuery.subject_in({"request_id": name}) == name


def test_a_dispute_is_told_at_each_of_its_steps() -> None:
    said = {"dispute_id": OTHER, "payment_id": RUN, "invoice_id": RUN, "credits": 1, "version": 1}
    opened, lost = (
        valid(PaymentDisputed, **said, bucket="plan", state=state) for state in ("opened", "lost")
    )
    assert (opened.subject, lost.subject) == (f"{OTHER}:opened", f"{OTHER}:lost")


def test_facts_of_invoicing_are_sent_whole() -> None:
    told: Message = valid(SubscriptionStateChanged, plan_code="free", status="active", version=1)
    written = msgspec.json.decode(encode(told))
    assert isinstance(told, Told)
    assert written.keys() == {field.encode_name for field in msgspec.structs.fields(told)}
    assert written["period_end"] is None
