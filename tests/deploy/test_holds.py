"""The report on holds counts what it says, and the page that is kept is of the traces."""

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import signature

from typer import Typer

from deploy import holds
from deploy.cli import MODULES
from deploy.holds import PAGE, Fit, figures
from shared.contracts.moments import moment_of
from tests.docs.reading import page


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


def without_data_folder() -> Iterator[str]:
    """The commands that have no option `--data`, whatever they are called in their groups."""
    for module in {*MODULES.values()}:
        app: Typer = import_module(module).app
        for command in app.registered_commands:
            if command.callback and "data" not in signature(command.callback).parameters:
                yield f"{command.name}"


def test_every_other_command_takes_a_data_folder_as_the_page_says() -> None:
    (said,) = re.findall(r"Every command([^.]*)takes `--data DIR`", page("docs/operating.md"))

    assert {*without_data_folder()} == {*re.findall(r"`igny8 (\w+)`", said)} == {"holds"}
