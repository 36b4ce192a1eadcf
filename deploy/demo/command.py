"""`igny8 demo`: real traffic through the whole system, told as a story, on a stack of its own."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated
from uuid import uuid4

import typer
import uvloop

from deploy import verify
from deploy.demo import chapters, checks, rule, story, summary, trace
from deploy.demo.chapters import Chapters
from deploy.demo.checks import Check
from deploy.demo.rule import Customer, Job
from deploy.demo.story import Run
from deploy.local import environment, places, programs, stack, worker
from deploy.local.worker import Post
from deploy.options import DATA, Data
from deploy.progress import DONE
from shared.client import Client
from shared.verifying import QUIET

PATIENCE_SECONDS = 15.0  # Before an answer is asked for again.
WORKERS = Post("credits", 1), Post("credits", 2), Post("limits")
SETTLE_SECONDS = 1.5  # What was published is tidied away every second.

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False)


@app.command(name="demo")
def demo(
    data: Data = DATA,
    seed: Annotated[int, typer.Option(help="Of the rule that deals out the calls.")] = 2023,
    calls: Annotated[int | None, typer.Option(min=100, help="Only the first so many.")] = None,
) -> None:
    """Send an hour of real LLM traffic through the system, and check every credit of it."""
    to, began = summary.console(), time.perf_counter()
    run, hour = uuid4(), trace.read()
    traffic, customers = hour[:calls], rule.customers(run)
    summary.introduce(to, traffic, seed)
    jobs = rule.deal(traffic, customers, run, seed)
    with own_stack(data) as settings:
        found, after = uvloop.run(play(settings, jobs, customers))
        log.info("The hour is over", extra=DONE)
        summary.tell(to, found)
        chapters.tell(to, after)
        judged = [*checks.check(found), *chapters.check(after), *invariants(settings)]
        log.info("The books are verified", extra=DONE)
        holds = summary.judge(to, judged)
    summary.conclude(to, holds=holds, seconds=time.perf_counter() - began)
    raise typer.Exit(0 if holds else 1)


async def play(
    settings: Mapping[str, str], jobs: Sequence[Job], customers: Sequence[Customer]
) -> tuple[Run, Chapters]:
    """The hour, then the chapters after it: one client for all of it."""
    servers = settings[environment.KAFKA]
    async with Client.connected(servers, patience_seconds=PATIENCE_SECONDS) as client:
        run = await story.play(client, servers, jobs, customers)
        log.info("A run, a refund, insights and an agency")
        return run, await chapters.play(client, settings, run)


@contextmanager
def own_stack(data: Path) -> Iterator[Mapping[str, str]]:
    """Servers and workers in a folder of their own, which stays only when something went wrong."""
    home = Path(mkdtemp(prefix="demo-", dir=stack.make_home(data)))
    home.chmod(0o755)
    try:
        with stack.running(home) as settings:
            log.info("Starting workers: two of credits, one of limits")
            workers = [worker.program(post, home, settings) for post in WORKERS]
            with programs.running(workers):
                yield settings
            log.info("Stopping")
    except (KeyboardInterrupt, SystemExit):
        places.remove(home)
        raise
    places.remove(home)


def invariants(settings: Mapping[str, str]) -> list[Check]:
    """What `igny8 verify` says of the books, once everything is quiet."""
    log.info("Verifying the books")
    time.sleep(SETTLE_SECONDS)
    report = asyncio.run(verify.verify(settings, tolerance=QUIET))
    return [
        Check(
            f"{invariant.service} {invariant.id} {invariant.words}",
            f"{invariant.finding.checked:,}",
            [verify.text_of(violation) for violation in invariant.finding.violations],
        )
        for invariant in report.invariants
    ]
