"""Questions about credits, answered read-only, beside the money."""

from collections.abc import Sequence

from shared.kafka import Letter
from shared.service import Service


async def answer_all(service: Service, letters: Sequence[Letter]) -> None:
    """Answer a poll of questions."""
    del service, letters
