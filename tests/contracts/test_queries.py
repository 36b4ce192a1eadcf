"""What can be asked, and how a question that cannot be answered is refused."""

import msgspec
import pytest

from shared.contracts import asking
from shared.contracts.credits import CreditsQuery
from shared.contracts.credits.queries import (
    QUESTIONS,
    AskBalance,
    AskEstimate,
    AskInsights,
    AskTransactions,
    AskUsage,
)
from tests.contracts.making import ACCOUNT, OTHER, TIME, Json


def ask(query: str, **params: Json) -> asking.Params:
    said = asking.parameters(QUESTIONS, query, params)
    assert isinstance(said, asking.Params), said
    return said


def wrong(query: str, **params: Json) -> list[str]:
    said = asking.parameters(QUESTIONS, query, params)
    return [problem.path for problem in said] if isinstance(said, list) else []


def test_a_question_needs_neither_parameters_nor_account_nor_id() -> None:
    query = msgspec.convert({"query": "credits.balance"}, CreditsQuery)
    assert (query.subject, query.account_id) == ("", None)
    assert asking.parameters(QUESTIONS, query.query, query.params) == AskBalance()


def test_a_question_is_named_by_its_request_id() -> None:
    said = {"query": "credits.balance", "account_id": ACCOUNT, "request_id": OTHER}
    assert msgspec.convert(said, CreditsQuery).subject == OTHER


def test_what_cannot_be_asked_is_a_wrong_query() -> None:
    said = asking.parameters(QUESTIONS, "credits.everything", None)
    assert isinstance(said, list)
    assert said[0].path == "query"
    assert "credits.balance" in said[0].reason


@pytest.mark.parametrize(
    ("query", "params", "paths"),
    [
        ("credits.estimate", {}, ["params.operation_type"]),
        ("credits.estimate", {"operation_type": "A"}, ["params.operation_type"]),
        (
            "credits.estimate",
            {"operation_type": "a", "items": [{"operation_type": "a"}]},
            ["params.operation_type"],
        ),
        ("credits.estimate", {"items": []}, ["params.items"]),
        ("credits.estimate", {"items": [{"operation_type": "a"}] * 101}, ["params.items"]),
        (
            "credits.estimate",
            {"items": [{"operation_type": "a", "count": 10_001, "tokens_input": 1}]},
            ["params.items[0].count"],
        ),
        (
            "credits.estimate",
            {"items": [{"operation_type": "a", "tokens_input": 1}]},
            ["params.items[0].tokens_output"],
        ),
        ("credits.estimate", {"operation_type": "a", "images": []}, ["params.images"]),
        ("credits.transactions", {"page": {"size": 11}}, ["params.page.size"]),
        ("credits.transactions", {"page": {"cursor": ""}}, ["params.page.cursor"]),
        ("credits.transactions", {"page": {"cursor": "a\0"}}, ["params.page.cursor"]),
        ("credits.transactions", {"type": ["gift"]}, ["params.type[0]"]),
        ("credits.transactions", {"from": "yesterday"}, ["params.from"]),
        ("credits.transactions", {"from": TIME, "preset": "7d"}, ["params.preset"]),
        ("usage.log", {"sort": "oldest first", "site_id": "x"}, ["params.site_id", "params.sort"]),
        ("usage.log.export", {"format": "xlsx"}, ["params.format"]),
        ("credits.insights", {"dimension": "moon"}, ["params.dimension"]),
        ("automation.run", {}, ["params.run_id"]),
        ("operation.detail", {"operation_id": 5}, ["params.operation_id"]),
        ("credits.stats", {"month": "2026-00"}, ["params.month"]),
        ("alerts.list", {"limit": 101}, ["params.limit"]),
        ("alerts.list", {"limit": 0}, ["params.limit"]),
        ("system.health", {"minutes": 61}, ["params.minutes"]),
        ("command.outcome", {"topic": "x"}, ["params.id"]),
    ],
)
def test_what_is_wrong_about_a_question_is_named_below_its_parameters(
    query: str, params: dict[str, Json], paths: list[str]
) -> None:
    assert wrong(query, **params) == paths


def test_pages_and_ranges_have_defaults() -> None:
    said = ask("credits.transactions", **{"from": "2026-01-01", "to": TIME})
    assert isinstance(said, AskTransactions)
    assert (said.from_, said.to, said.preset) == ("2026-01-01", TIME, None)
    assert (said.page.size, said.page.cursor) == (25, None)


def test_filters_are_lists_of_words() -> None:
    said = ask("usage.log", operation_type=["clustering"], site_id=OTHER.upper(), preset="6m")
    assert isinstance(said, AskUsage)
    assert (said.operation_type, said.site_id, said.sort) == (["clustering"], OTHER, "newest")


def test_an_estimate_is_of_one_operation_or_of_many() -> None:
    one = ask("credits.estimate", operation_type="image_generation", words=5, units=2)
    items = [{"operation_type": "clustering", "count": 3}, {"operation_type": "a"}]
    many = ask("credits.estimate", items=items)
    assert isinstance(one, AskEstimate)
    assert isinstance(many, AskEstimate)
    assert many.items is not None
    assert [item.count for item in many.items] == [3, 1]


def test_insights_are_by_day_unless_asked_otherwise() -> None:
    said = ask("credits.insights", dimension="timeline")
    assert isinstance(said, AskInsights)
    assert said.granularity == "day"
