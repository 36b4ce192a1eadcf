"""README.md names what there is: commands, folders, packages, and an example that runs."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import measured
from deploy.local import worker
from tests.docs.reading import FENCE, PAGES, ROOT, anchors, blocks, page, quoted, rows, section

README = page("README.md")
EXAMPLE = "deploy.demo.first_steps"
NAME = re.compile(r"^[A-Za-z0-9_.-]+")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def required_packages() -> Iterator[str]:
    said = tomllib.loads(page("pyproject.toml"))
    for one in (*said["project"]["dependencies"], *said["dependency-groups"]["dev"]):
        found = NAME.match(one)
        assert found
        yield found[0]


def test_every_target_of_make_that_a_page_names_exists_and_the_readme_names_them_all() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", page("Makefile"), re.MULTILINE)
    assert phony
    targets = set(phony[1].split())
    for text in map(page, PAGES):
        assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets
    assert set(re.findall(r"make ([a-z-]+)", README)) >= targets


def test_every_place_that_the_readme_names_exists() -> None:
    for row in rows(section(README, "## Where things are")):
        assert (ROOT / quoted(row[0])[0]).is_dir()
        for name in quoted(row[1]):
            places = (ROOT / quoted(row[0])[0] / name, ROOT / name)
            assert "igny8" in name or any(place.exists() for place in places), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page(path))):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(page(target)), link


def test_the_example_is_the_one_that_the_demo_shows() -> None:
    (example,) = blocks(README, "python")
    assert example.text == page(f"{EXAMPLE.replace('.', '/')}.py")


def test_the_example_runs_against_a_stack(environment: dict[str, str]) -> None:
    with worker.running("credits", environment):
        done = subprocess.run(
            [sys.executable, "-m", EXAMPLE],
            env=environment | {"PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert "60 credits are held" in done.stdout
    assert "453 of 500 credits are left" in done.stdout


def test_the_figures_are_those_of_the_last_whole_run() -> None:
    assert measured.filled(README) == README
