"""The pages of the repository, as tests read them: code blocks, tables, links."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A code block: the words behind its fence, and what it holds."""

    info: tuple[str, ...]
    text: str


def page(name: str | Path) -> str:
    """A file by its path, below the project where it is not a whole one."""
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """What links to headings are called."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in headings}


def blocks(text: str, language: str) -> list[Block]:
    """The code blocks in a language, in order."""
    found = (Block(tuple(x["info"].split()), x["text"]) for x in FENCE.finditer(text))
    return [block for block in found if block.info[:1] == (language,)]


def section(text: str, heading: str) -> str:
    """What stands under a heading, until the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, f"there is no heading {heading!r}"
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of tables; headings and rules are left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rules = [place for place, line in enumerate(lines) if set(line) <= set("|-: ")]
    heads = {place - 1 for place in rules} | set(rules)
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for place, line in enumerate(lines)
        if place not in heads
    ]


def quoted(text: str) -> list[str]:
    """What stands in backticks outside of code blocks."""
    return INLINE.findall(FENCE.sub("", text))
