"""Progress: how far it is, how fast, who was refused, and a sparkline of the last seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from deploy.demo.journal import Journal

BARS = "▁▂▃▄▅▆▇█"
EIGHTHS = "█▏▎▍▌▋▊▉"  # Of a cell, from the left; the first is a whole one.
BEAT_SECONDS, BEATS_A_SECOND = 0.25, 4
BEATS_SHOWN = 40
BAR_WIDTH = 30
STEPS = 10  # Lines, where there is no terminal.

log = logging.getLogger(__name__)


def sparkline(values: Sequence[float]) -> str:
    """A bar a value; the highest is the largest of them."""
    highest = max(values, default=0) or 1
    return "".join(BARS[round(value / highest * (len(BARS) - 1))] for value in values)


def bar(value: int, highest: int, width: int) -> str:
    """A bar from the left, to an eighth of a cell: the highest fills the width."""
    cells, eighths = divmod(round(value * width * 8 / (highest or 1)), 8)
    return EIGHTHS[0] * cells + (EIGHTHS[eighths] if eighths else "")


@asynccontextmanager
async def shown(journal: Journal, total: int) -> AsyncIterator[list[int]]:
    """Look at the journal four times a second, in the block; give the answers of every beat."""
    beats: list[int] = []
    looking = asyncio.create_task(look(journal, total, beats))
    try:
        yield beats
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def look(journal: Journal, total: int, beats: list[int]) -> None:
    """On a terminal it moves with every beat, elsewhere a line is said for every tenth."""
    before, step, text = 0, -1, ""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        answered = journal.answered
        beats.append(answered - before)
        before = answered
        if answered * STEPS // total > step:
            step = answered * STEPS // total
            text = figures(journal, step * 100 // STEPS, beats[-BEATS_A_SECOND:])
        log.info(text, extra={"detail": moving(answered, total, beats)})


def figures(journal: Journal, percent: int, second: Sequence[int]) -> str:
    rate = round(sum(second) / (len(second) * BEAT_SECONDS))
    refused = len(journal.refusals)
    return f"Replaying the hour: {percent} %, {rate:,} operations a second, {refused:,} refused"


def moving(answered: int, total: int, beats: Sequence[int]) -> str:
    filled = answered * BAR_WIDTH // total
    bar = "━" * filled + "╌" * (BAR_WIDTH - filled)
    return f"\n  {bar} {answered:,} of {total:,}  {sparkline(beats[-BEATS_SHOWN:])}"
