"""After the hour: short chapters about what a pipeline, a refund, an owner and an agency need.

Each plays on accounts of the same stack, is checked against what it was told, and is shown.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from deploy.demo.chapters import agency, automation, clawback, insights
from deploy.demo.chapters.agency import Agency
from deploy.demo.chapters.automation import Automation
from deploy.demo.chapters.clawback import Clawback
from deploy.demo.chapters.insights import Seen
from deploy.demo.chapters.listening import Listener
from deploy.demo.checks import Check
from deploy.demo.story import Run
from deploy.local.environment import KAFKA
from shared.client import Client


class Chapters(NamedTuple):
    """What was asked, answered and heard, chapter by chapter."""

    automation: Automation
    clawback: Clawback
    seen: Seen
    agency: Agency


async def play(client: Client, settings: Mapping[str, str], run: Run) -> Chapters:
    """One after the other: each is a second of work."""
    key_file = Path(settings["ACTOR_PRIVATE_KEY_FILE"])
    async with Listener.opened(settings[KAFKA]) as listener:
        return Chapters(
            await automation.play(client, listener),
            await clawback.play(client, listener),
            await insights.play(client, run),
            await agency.play(client, listener, key_file),
        )


def check(found: Chapters) -> list[Check]:
    return [
        automation.settled(found.automation),
        automation.fitting(found.automation),
        clawback.check(found.clawback),
        insights.check(found.seen),
        agency.kept(found.agency),
        agency.grown(found.agency),
    ]


def tell(to: Console, found: Chapters) -> None:
    automation.tell(to, found.automation)
    clawback.tell(to, found.clawback)
    insights.tell(to, found.seen)
    agency.tell(to, found.agency)
