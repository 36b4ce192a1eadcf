"""`credits.estimate` says what a request would be answered, before anything is held."""

import msgspec
import pytest

from shared.contracts.catalogue import MODEL_PRICES
from shared.contracts.credits import (
    Estimate,
    ModelPrice,
    OperationReplied,
    OperationRequested,
)
from shared.contracts.message import encode
from shared.contracts.types import MAX_INT, Json, JsonObject, Role
from tests.credits.queries.clerk import Clerk, token
from tests.making import paid, requested

# `domain.md` 8.2: what each operation needs when nobody says anything.
DEFAULTS = [
    ("clustering", {}, 10, 12),
    ("idea_generation", {}, 15, 18),
    ("content_generation", {}, 50, 60),
    ("image_prompt_extraction", {}, 16, 20),
    ("content_linking", {}, 8, 10),
    ("optimization", {}, 10, 12),
    ("image_generation", {"images": [{"quality": "premium", "count": 3}]}, 45, 45),
    ("site_structure", {}, 50, 50),
    ("site_page_generation", {"units": 7}, 140, 140),
]
EXPECTATIONS: list[JsonObject] = [
    {"operation_type": "content_generation"},
    {"operation_type": "content_generation", "tokens_input": 10, "tokens_output": 90},
    {"operation_type": "content_generation", "words": 1530},
    {"operation_type": "content_generation", "words": 1530, "model": "gpt-4o-mini"},
    {"operation_type": "clustering", "tokens_input": 120, "tokens_output": 90},
    {"operation_type": "site_page_generation", "units": 7},
    {"operation_type": "site_structure", "words": 10},
    {"operation_type": "image_generation", "images": [{"quality": "quality", "count": 9}]},
    {
        "operation_type": "image_generation",
        "model": "dall-e-3",
        "images": [{"quality": "basic", "count": 2}, {"quality": "premium", "count": 1}],
    },
]


@pytest.mark.parametrize(("operation", "expected", "required", "held"), DEFAULTS)
async def test_an_operation_needs_what_the_price_list_says(
    clerk: Clerk, account: str, operation: str, expected: JsonObject, required: int, held: int
) -> None:
    await clerk.hears(paid(10_000, account))

    answer = await clerk.tells("credits.estimate", account, operation_type=operation, **expected)

    (item,) = answer["items"]
    assert (item["operation_type"], item["required"], item["held"]) == (operation, required, held)
    assert (answer["required"], answer["available"]) == (required, 10_000)
    assert answer["has_enough"] is True
    assert answer["price_version"] == 1


@pytest.mark.parametrize("funded", [1, 49, 50, 55, 10_000])
@pytest.mark.parametrize("expected", EXPECTATIONS)
async def test_an_estimate_foretells_the_answer_to_a_request(
    clerk: Clerk, account: str, expected: JsonObject, funded: int
) -> None:
    await clerk.hears(paid(funded, account))
    foretold = await clerk.tells("credits.estimate", account, **expected)
    await clerk.hears(request_for(expected, account))

    answer = clerk.recorder.messages(OperationReplied)[-1]
    (item,) = foretold["items"]
    if answer.error is None:
        assert answer.data is not None
        assert foretold["has_enough"] is True
        assert (item["required"], item["held"]) == (answer.data.estimated, answer.data.held)
    else:
        assert answer.error.code == "credits.insufficient"
        assert (foretold["has_enough"], foretold["first_short"]) == (False, 0)
        assert item["required"] == answer.error.required


def request_for(expected: JsonObject, account: str) -> OperationRequested:
    """The same words, in the places where a request has them."""
    said = {name: value for name, value in expected.items() if name in Estimate.__struct_fields__}
    rest = {name: value for name, value in expected.items() if name not in said}
    return requested(1, account, estimate=said or None, **rest)


async def test_nothing_is_held_by_asking(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(100, account))
    before = await clerk.tells("credits.balance", account)
    await clerk.tells("credits.estimate", account, operation_type="content_generation")

    assert await clerk.tells("credits.balance", account) == before


async def test_a_list_is_summed_up_and_says_where_the_credits_end(
    clerk: Clerk, account: str
) -> None:
    await clerk.hears(paid(120, account))
    article: JsonObject = {"operation_type": "content_generation"}

    answer = await clerk.tells(
        "credits.estimate", account, items=[article, article | {"count": 2}, article]
    )

    assert [item["required"] for item in answer["items"]] == [50, 100, 50]
    assert (answer["required"], answer["available"]) == (200, 120)
    assert (answer["has_enough"], answer["first_short"]) == (False, 1)


async def test_each_operation_of_a_list_is_rounded_by_itself(clerk: Clerk, account: str) -> None:
    """E10: three articles of 1,550 tokens need 48, not 47."""
    await clerk.hears(paid(1_000, account))
    short = {"operation_type": "content_generation", "tokens_input": 0, "tokens_output": 1550}

    answer = await clerk.tells("credits.estimate", account, items=[short | {"count": 3}])

    assert answer["required"] == 48
    assert answer["items"][0]["held"] == 3 * 20


async def test_an_item_holds_what_those_before_it_leave(clerk: Clerk, account: str) -> None:
    await clerk.hears(paid(105, account))
    article: JsonObject = {"operation_type": "content_generation"}

    answer = await clerk.tells("credits.estimate", account, items=[article, article])

    assert [item["held"] for item in answer["items"]] == [60, 55]
    assert answer["has_enough"] is True


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        # E1, E3 and E7 with 10 % less and 10 % more.
        ({"tokens_input": 1000, "tokens_output": 500}, "0.00562500", "0.00687500"),
        ({"tokens_input": 2500, "tokens_output": 3500}, "0.03431250", "0.04193750"),
        # 0.00000015 of one token, of which 90 % and 110 % end in a half.
        (
            {"model": "gpt-4o-mini", "tokens_input": 1, "tokens_output": 0},
            "0.00000014",
            "0.00000017",
        ),
    ],
)
async def test_the_cost_in_usd_is_a_range_of_ten_percent(
    clerk: Clerk, account: str, said: JsonObject, low: str, high: str
) -> None:
    answer = await clerk.tells(
        "credits.estimate", account, operation_type="content_generation", **said
    )

    (item,) = answer["items"]
    assert (item["usd_low"], item["usd_high"]) == (low, high)


async def test_images_cost_what_the_model_of_each_quality_costs(clerk: Clerk, account: str) -> None:
    images = [{"quality": "basic", "count": 10}, {"quality": "premium", "count": 2}]

    answer = await clerk.tells(
        "credits.estimate", account, operation_type="image_generation", images=images
    )

    (item,) = answer["items"]
    assert (item["usd_low"], item["usd_high"]) == ("0.36000000", "0.44000000")
    assert item["required"] == 10 * 1 + 2 * 15


async def test_a_persons_estimate_may_raise_what_is_required_but_never_lower_it(
    clerk: Clerk, account: str
) -> None:
    """P7; a service's estimate counts as given. The cost is that of what counts."""
    editor, admin = token("editor", account), token("admin", account)
    little: JsonObject = {
        "operation_type": "content_generation",
        "tokens_input": 50,
        "tokens_output": 50,
    }
    much = little | {"tokens_output": 9950}

    by_service = await clerk.tells("credits.estimate", account, **little)
    by_editor = await clerk.tells("credits.estimate", account, editor, **little)
    by_admin = await clerk.tells("credits.estimate", account, admin, **little)
    raised = await clerk.tells("credits.estimate", account, editor, **much)

    assert (by_service["required"], by_editor["required"], by_admin["required"]) == (3, 50, 50)
    assert raised["required"] == 100
    assert by_admin["items"][0]["usd_low"] == "0.02925000"


async def test_a_price_that_came_a_moment_ago_counts(clerk: Clerk, account: str) -> None:
    """Prices are remembered from poll to poll, until there are others."""
    images = [{"quality": "basic", "count": 1}, {"quality": "premium", "count": 1}]
    asked: JsonObject = {
        "operation_type": "image_generation",
        "model": "by-request",
        "images": images,
    }
    error = await clerk.refuses("credits.estimate", account, **asked)
    assert error["code"] == "model.unknown"

    await announce(clerk, MODEL_PRICES[3], model="by-request", is_default=False)
    answer = await clerk.tells("credits.estimate", account, **asked)

    (item,) = answer["items"]
    assert item["required"] == 2 * 7
    assert (item["usd_low"], item["usd_high"]) == ("0.04500000", "0.05500000")


async def announce(clerk: Clerk, like: ModelPrice, **changed: Json) -> None:
    """One request costs a cent, and each image two."""
    row = msgspec.structs.replace(
        like,
        credits_per_image=7,
        cost_per_image="0.02000000",
        cost_per_request="0.01000000",
        **changed,
    )
    pool = clerk.credits.service.database.pool_for(None)
    await pool.execute(
        "INSERT INTO model_prices VALUES ($1, 1, 1, $2)", row.model, encode(row).decode()
    )
    await pool.execute("UPDATE catalogue_version SET version = version + 1")


@pytest.mark.parametrize("role", ["viewer", "editor", "system_bot"])
async def test_who_sees_no_usd_gets_credits_alone(clerk: Clerk, account: str, role: Role) -> None:
    actor = token(role, account)
    answer = await clerk.tells(
        "credits.estimate", account, actor, operation_type="content_generation"
    )

    assert answer["items"] == [{"operation_type": "content_generation", "required": 50, "held": 60}]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"operation_type": "magic"}, "operation.unknown"),
        ({"operation_type": "clustering", "model": "gpt-9"}, "model.unknown"),
        ({"operation_type": "clustering", "model": "gpt-4o"}, "model.unknown"),
    ],
)
async def test_what_no_request_would_get_has_no_estimate(
    clerk: Clerk, account: str, said: JsonObject, code: str
) -> None:
    error = await clerk.refuses("credits.estimate", account, **said)

    assert error["code"] == code
    assert error["allowed"]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"operation_type": "image_generation"}, "params.images"),
        ({"items": [{"operation_type": "image_generation"}]}, "params.items[0].images"),
        ({"items": []}, "params.items"),
        ({}, "params.operation_type"),
        ({"operation_type": "clustering", "tokens_input": 1}, "params.tokens_output"),
        (
            {"items": [{"operation_type": "clustering", "count": 10_001}]},
            "params.items[0].count",
        ),
        (
            {
                "items": [
                    {"operation_type": "clustering"},
                    {
                        "operation_type": "clustering",
                        "tokens_input": MAX_INT,
                        "tokens_output": MAX_INT,
                        "count": 10,
                    },
                ]
            },
            "params.items[1]",
        ),
    ],
)
async def test_a_wrong_estimate_is_told_where_it_is_wrong(
    clerk: Clerk, account: str, said: JsonObject, path: str
) -> None:
    error = await clerk.refuses("credits.estimate", account, **said)

    assert error["code"] == "invalid"
    assert [field["path"] for field in error["fields"]] == [path]
