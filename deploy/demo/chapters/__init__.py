"""After the hour: three short chapters about what a pipeline, a refund and an owner need besides.

Each plays on accounts of the same stack, is checked against what it was told, and is shown.
"""

from typing import NamedTuple

from rich.console import Console

from deploy.demo.chapters import automation, clawback, insights
from deploy.demo.chapters.automation import Automation
from deploy.demo.chapters.clawback import Clawback
from deploy.demo.chapters.insights import Seen
from deploy.demo.chapters.listening import Listener
from deploy.demo.checks import Check
from deploy.demo.story import Run
from shared.client import Client


class Chapters(NamedTuple):
    """What was asked, answered and heard, chapter by chapter."""

    automation: Automation
    clawback: Clawback
    seen: Seen


async def play(client: Client, servers: str, run: Run) -> Chapters:
    """One after the other: each is a second of work."""
    async with Listener.opened(servers) as listener:
        return Chapters(
            await automation.play(client, listener),
            await clawback.play(client, listener),
            await insights.play(client, run),
        )


def check(found: Chapters) -> list[Check]:
    return [
        automation.settled(found.automation),
        automation.fitting(found.automation),
        clawback.check(found.clawback),
        insights.check(found.seen),
    ]


def tell(to: Console, found: Chapters) -> None:
    automation.tell(to, found.automation)
    clawback.tell(to, found.clawback)
    insights.tell(to, found.seen)
