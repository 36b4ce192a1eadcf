"""The report on holds counts what it says, and the page that is kept is of the traces."""

import re

from deploy import holds
from deploy.holds import PAGE, Fit, figures
from shared.contracts.moments import moment_of


def fit(required: int, actual: int) -> Fit:
    return Fit("content_generation", "gpt-5.1", required, actual)


def test_what_comes_back_is_in_vain_and_what_is_not_covered_is_missed() -> None:
    """10, 20 and 50 are required, 12, 24 and 60 held; 5, 35 and 70 are used."""
    found = figures([fit(10, 5), fit(20, 35), fit(50, 70)], 20)

    assert (found.calls, found.exceeded) == (3, 2)
    assert (found.held, found.in_vain) == (96, 7)
    assert (found.actual, found.missed) == (110, 11 + 10)
    assert list(found.percentiles) == [50, 140, 175, 175]


def test_without_a_margin_what_is_required_is_held() -> None:
    found = figures([fit(10, 10), fit(10, 11)], 0)

    assert (found.exceeded, found.in_vain, found.missed) == (1, 0, 1)


def test_the_page_is_what_the_traces_say() -> None:
    """All but its day."""
    kept = PAGE.read_text(encoding="utf-8")
    day = re.search(r"on (\d{4}-\d\d-\d\d):", kept)
    assert day is not None

    assert holds.page(moment_of(day[1])) == kept
