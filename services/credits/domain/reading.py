"""Alerts that somebody has read."""

from typing import Final

from services.credits.book import Book
from shared.alerting import rules
from shared.asked import Asked
from shared.contracts.message import Message
from shared.contracts.operating import AlertReadRequested

SOURCE: Final = "credits"


def read_alerts(book: Book, command: AlertReadRequested, asked: Asked) -> list[Message]:
    return rules.read_alerts(book.shelf, SOURCE, command, asked)
