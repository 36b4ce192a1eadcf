"""Arithmetic of prices against exact fractions, for any price that a developer may set."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.credits.prices import Config, Model, scaled, tokens_of, usd_text
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES

COUNTS = st.integers(0, 2**53 - 1)
EIGHT_PLACES = Decimal("0.00000001")


def decimals(largest: int, places: int) -> st.SearchStrategy[str]:
    """Texts such as `12.340`."""
    numbers = st.integers(0, largest * 10**places)
    return numbers.map(lambda n: f"{n // 10**places}.{n % 10**places:0{places}d}")


def model(**said: str) -> Model:
    return Model.of(replace(MODEL_PRICES[0], **said))


@given(COUNTS, decimals(999, 3), st.integers(1, 10_000), st.integers(0, 10_000))
def test_p2_tokens_are_weighed_exactly_and_rounded_up_once(
    tokens: int, weight: str, per_credit: int, least: int
) -> None:
    row = replace(COST_CONFIGS[0], tokens_per_credit=per_credit, min_credits=least)

    credits_ = Config.of(row).by_tokens(tokens, model(credit_multiplier=weight))

    assert credits_ == max(least, ceil(tokens * Fraction(weight) / per_credit))


@given(COUNTS, st.integers(1, 1000), st.integers(0, 10**6))
def test_p4_a_unit_that_is_begun_is_charged_whole(units: int, size: int, price: int) -> None:
    row = replace(COST_CONFIGS[0], unit_size=size, credits_per_unit=price)

    assert Config.of(row).by_units(units) == ceil(Fraction(units, size)) * price


@given(COUNTS, decimals(999, 3))
def test_p6_words_are_so_many_tokens_rounded_up(words: int, each: str) -> None:
    assert tokens_of(words, model(tokens_per_word=each)) == ceil(words * Fraction(each))
    assert tokens_of(words, None) == ceil(words * Fraction("1.3"))


@given(st.integers(0, 10**12), st.integers(0, 100))
def test_p8_a_hold_is_larger_by_its_margin_rounded_up(needed: int, percent: int) -> None:
    by_tokens, exact = Config.of(COST_CONFIGS[0]), Config.of(COST_CONFIGS[-1])

    assert by_tokens.with_margin(needed, percent) == ceil(needed * (1 + Fraction(percent, 100)))
    assert exact.with_margin(needed, percent) == needed


@given(
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 1000)),
    st.tuples(decimals(100, 8), decimals(100, 8), decimals(100, 8), decimals(100, 8)),
)
def test_p1_dollars_are_rounded_once_half_up_at_eight_places(
    used: tuple[int, int, int], prices: tuple[str, str, str, str]
) -> None:
    tokens_in, tokens_out, images = used
    per_in, per_out, per_image, per_request = (Decimal(price) for price in prices)
    names = "cost_per_1k_input", "cost_per_1k_output", "cost_per_image", "cost_per_request"
    priced = model(**dict(zip(names, prices, strict=True)))

    dollars = usd_text(priced.usd(tokens_in, tokens_out, images, 2))

    exact = (
        (tokens_in * per_in + tokens_out * per_out) / 1000 + images * per_image + 2 * per_request
    )
    assert Decimal(dollars) == exact.quantize(EIGHT_PLACES, ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("tokens", "price", "dollars"),
    [
        (1, "0.00000499", "0.00000000"),
        (1, "0.00000500", "0.00000001"),
        (3, "0.00000500", "0.00000002"),
    ],
)
def test_p1_half_a_unit_is_rounded_up(tokens: int, price: str, dollars: str) -> None:
    assert usd_text(model(cost_per_1k_input=price).usd(tokens, 0, 0, 0)) == dollars


@given(decimals(10**6, 8), st.booleans())
def test_decimals_are_read_exactly(text: str, is_negative: bool) -> None:  # noqa: FBT001 - drawn.
    sign = "-" if is_negative else ""

    assert Fraction(scaled(sign + text, 8), 10**8) == Fraction(sign + text)


def test_a_decimal_finer_than_can_be_counted_is_no_price() -> None:
    assert scaled("1.50000000000", 8) == 150_000_000
    with pytest.raises(ValueError, match="more than 3 places"):
        scaled("0.1234", 3)
