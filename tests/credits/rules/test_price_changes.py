"""Prices change by version, are announced and audited; what is held keeps its price (P11, S24)."""

import pytest

from shared.asked import Asked
from shared.contracts.credits import (
    CostConfigUpdated,
    CostConfigUpdateReplied,
    ModelPriceUpdated,
    ModelPriceUpdateReplied,
    UsageRecorded,
)
from shared.contracts.message import Message
from shared.contracts.operating import AuditRecorded
from shared.contracts.types import Json
from tests.credits.rules.desk import Desk, authorised, charge, desk_with
from tests.credits.rules.pricing import config_update, model_update
from tests.hearing import all_of, only, refused
from tests.making import completed, images_requested, requested

DORA = Asked("developer", "dora", "ticket-7")


def told(desk: Desk, *messages: Message) -> list[object]:
    return list(desk.tell(*messages, asked=DORA))


def test_an_open_operation_keeps_its_price_and_the_next_one_has_the_new_one() -> None:
    """S24: 4,700 tokens are 47 credits at 100 a credit, and 59 at 80."""
    desk = desk_with(plan=1_000)
    desk.tell(requested(1))
    told(desk, config_update(tokens_per_credit=80))
    desk.tell(requested(2))

    assert charge(desk.tell(completed(1))).charged == 47
    assert charge(desk.tell(completed(2))).charged == 59


def test_what_was_never_authorised_has_the_price_of_its_charge() -> None:
    desk = desk_with(plan=1_000)
    told(desk, config_update(tokens_per_credit=80))

    assert charge(desk.tell(completed(1))).charged == 59


def test_a_change_is_the_next_version_with_what_was_before_it_and_who_did_it() -> None:
    desk = Desk()
    said = told(desk, config_update(tokens_per_credit=80))

    data = only(CostConfigUpdateReplied, said).data
    assert data is not None
    row = data.row
    assert (row.version, row.tokens_per_credit, row.updated_by) == (2, 80, "dora")
    assert row.updated_at == desk.book.at
    assert row.previous is not None
    assert (row.previous["version"], row.previous["tokens_per_credit"]) == (1, 100)
    assert data.price_version == 2
    fact = only(CostConfigUpdated, said)
    assert (fact.subject, fact.price_version) == ("content_generation:2", 2)
    assert "previous" not in told_previous(desk)


def told_previous(desk: Desk) -> dict[str, Json]:
    """What a second change remembers: the row before it, not the whole past."""
    said = told(desk, config_update(expected=2, tokens_per_credit=70))
    previous = only(CostConfigUpdated, said).previous
    assert previous is not None
    return previous


def test_a_change_is_audited_with_before_and_after() -> None:
    desk = Desk()
    audit = only(AuditRecorded, told(desk, config_update(tokens_per_credit=80)))

    assert desk.book.audits == [audit]
    assert (audit.actor.user_id, audit.actor.role) == ("dora", "developer")
    assert (audit.action, audit.object.id) == (
        "cost.config.update.requested",
        "content_generation",
    )
    assert audit.correlation_id == "ticket-7"
    assert audit.account_id is None
    assert audit.before is not None
    assert audit.after is not None
    assert (audit.before["tokens_per_credit"], audit.after["tokens_per_credit"]) == (100, 80)


def test_a_new_row_is_version_one_and_counts_at_once() -> None:
    desk = desk_with(plan=1_000)
    said = told(desk, config_update("haiku", 0, tokens_per_credit=10))

    data = only(CostConfigUpdateReplied, said).data
    assert data is not None
    assert (data.row.version, data.row.previous, data.price_version) == (1, None, 2)
    assert only(AuditRecorded, said).before is None
    assert authorised(desk.tell(requested(1, operation_type="haiku"))).estimated == 500


@pytest.mark.parametrize(
    ("code", "expected", "state", "version"),
    [
        ("content_generation", 0, "active", 1),
        ("content_generation", 2, "active", 1),
        ("haiku", 1, "missing", 0),
    ],
)
def test_nobody_overwrites_what_he_has_not_seen(
    code: str, expected: int, state: str, version: int
) -> None:
    desk = Desk()
    error = refused(told(desk, config_update(code, expected, tokens_per_credit=80)))

    assert (error.code, error.kind) == ("conflict", "cost.config")
    assert (error.state, error.version) == (state, version)
    assert desk.book.audits == []
    assert desk.book.catalogue.prices.version == 1


def test_the_same_change_again_is_the_same_answer_and_changes_nothing() -> None:
    desk = Desk()
    first = only(CostConfigUpdateReplied, told(desk, config_update(tokens_per_credit=80)))
    told(desk, model_update(credit_multiplier="0.2"))
    again = told(desk, config_update(tokens_per_credit=80))

    (reply,) = again
    assert isinstance(reply, CostConfigUpdateReplied)
    assert reply.replayed
    assert reply.data == first.data
    assert desk.book.catalogue.prices.version == 3


def test_another_change_of_the_same_version_is_a_conflict() -> None:
    desk = Desk()
    told(desk, config_update(tokens_per_credit=80))

    error = refused(told(desk, config_update(tokens_per_credit=70)))

    assert (error.code, error.version) == ("conflict", 2)


def test_price_versions_are_one_number_for_all_rows_without_a_gap() -> None:
    desk = Desk()
    told(desk, config_update(), model_update(), config_update("clustering"))

    prices = desk.book.catalogue.prices
    assert [since for since, _ in prices.configs if since > 1] == [2, 4]
    assert [since for since, _ in prices.models if since > 1] == [3]
    assert prices.version == 4


def test_numbers_are_compared_as_numbers_and_written_in_one_way() -> None:
    desk = Desk()
    said = told(desk, model_update(credit_multiplier="0.2", cost_per_1k_input="000.00020000"))
    again = told(desk, model_update(credit_multiplier="0.200", cost_per_1k_input="0.00020000"))

    row = only(ModelPriceUpdated, said)
    assert (row.credit_multiplier, row.cost_per_1k_input) == ("0.200", "0.00020000")
    assert only(ModelPriceUpdateReplied, again).replayed


def test_a_switched_off_operation_is_refused_and_what_is_open_is_charged() -> None:
    desk = desk_with(plan=1_000)
    desk.tell(requested(1))
    told(desk, config_update(is_active=False))

    assert refused(desk.tell(requested(2))).code == "operation.disabled"
    assert charge(desk.tell(completed(1))).charged == 47


def test_a_model_that_becomes_the_default_takes_that_from_the_one_before() -> None:
    desk = desk_with(plan=1_000)
    said = told(desk, model_update(is_default=True))

    facts = all_of(ModelPriceUpdated, said)
    assert [(fact.model, fact.is_default, fact.version) for fact in facts] == [
        ("gpt-5.1", False, 2),
        ("gpt-4o-mini", True, 2),
    ]
    assert [fact.price_version for fact in facts] == [2, 3]
    assert [audit.object.id for audit in desk.book.audits] == ["gpt-5.1", "gpt-4o-mini"]
    usage = only(UsageRecorded, desk.tell(completed(1, model_used=None)))
    assert (usage.model_used, usage.credits_used) == ("gpt-4o-mini", 5)


def test_of_images_each_quality_has_a_default_of_its_own() -> None:
    desk = desk_with(plan=1_000)
    fields = {"kind": "image", "image_quality": "basic", "credits_per_image": 2}
    said = told(desk, model_update("sketcher", 0, is_default=True, **fields))

    assert [fact.model for fact in all_of(ModelPriceUpdated, said)] == ["runware:97@1", "sketcher"]
    held = authorised(desk.tell(images_requested(1, basic=3, quality=1)))
    assert held.estimated == 3 * 2 + 5


@pytest.mark.parametrize(
    ("model", "said", "path"),
    [
        ("gpt-5.1", {"is_default": False}, "is_default"),
        ("gpt-5.1", {"is_active": False}, "is_active"),
        ("dall-e-3", {"image_quality": "basic"}, "is_default"),
        ("dall-e-3", {"image_quality": None}, "image_quality"),
        ("dall-e-3", {"credits_per_image": None}, "credits_per_image"),
        (
            "gpt-4o-mini",
            {"cost_per_1k_input": None, "cost_per_1k_output": None},
            "cost_per_1k_input",
        ),
    ],
)
def test_what_would_leave_work_without_a_price_is_invalid(
    model: str, said: dict[str, Json], path: str
) -> None:
    desk = Desk()
    error = refused(told(desk, model_update(model, **said)))

    assert error.code == "invalid"
    assert error.fields is not None
    assert path in [problem.path for problem in error.fields]
    assert desk.book.catalogue.prices.version == 1


def test_a_silent_provider_costs_the_estimate_where_units_have_no_price() -> None:
    desk = desk_with(plan=1_000)
    told(desk, config_update(credits_per_unit=None))
    desk.tell(requested(1))

    silent = completed(1, tokens_input=None, tokens_output=None, units=900, unit_kind="pages")
    assert charge(desk.tell(silent)).charged == 50
