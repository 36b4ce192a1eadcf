"""Alerts that somebody has read: ours alone, for every service is told of all."""

from typing import Final

from services.credits.book import Book
from shared.alerting.rules import mark_as_read
from shared.asked import Asked
from shared.contracts.message import Message
from shared.contracts.operating import AlertReadRequested

SOURCE: Final = "credits"


def read_alerts(book: Book, command: AlertReadRequested, asked: Asked) -> list[Message]:
    """What names another service is that service's to answer."""
    if command.source != SOURCE:
        return []
    return [mark_as_read(book.shelf, command, asked.role)]
