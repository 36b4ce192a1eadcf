"""Who sees which alerts, and what becomes of those that somebody has read.

What is for operators is there for developers alone: to anybody else it is missing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from shared.asked import Asked
from shared.contracts.message import Message
from shared.contracts.operating import (
    AlertReadReplied,
    AlertReadRequested,
    AlertsRead,
    Audience,
    Service,
)
from shared.contracts.types import Role

Key: TypeAlias = tuple[str, str]  # Of an alert: its account and its id.

DEVELOPER = "developer"


@dataclass(slots=True)
class Shelf:
    """The alerts that a batch's commands name, and how many of an account nobody has read."""

    named: dict[Key, Audience] = field(default_factory=dict)
    unread: set[Key] = field(default_factory=set)  # Of those that are named.
    unread_counts: Counter[tuple[str, Audience]] = field(default_factory=Counter)
    newly_read: list[Key] = field(default_factory=list)


def seen_by(role: Role | None) -> Sequence[Audience]:
    """Whose alerts somebody may see; a service sees what customers do."""
    return ("customer", "ops") if role == DEVELOPER else ("customer",)


def read_alerts(
    shelf: Shelf, source: Service, command: AlertReadRequested, asked: Asked
) -> list[Message]:
    """Ours alone, for every service is told of all: what names another is that one's to answer."""
    return [mark_as_read(shelf, command, asked.role)] if command.source == source else []


def mark_as_read(shelf: Shelf, command: AlertReadRequested, role: Role | None) -> AlertReadReplied:
    """Each is read once, and stays read; the same command has the same answer."""
    account_id, sees = command.account_id, seen_by(role)
    ids = set(command.alert_ids)
    found = [key for key in ((account_id, x) for x in ids) if shelf.named.get(key) in sees]
    fresh = [key for key in found if key in shelf.unread]
    shelf.unread.difference_update(fresh)
    shelf.unread_counts.subtract((account_id, shelf.named[key]) for key in fresh)
    shelf.newly_read += fresh
    return AlertReadReplied(
        account_id=account_id,
        command=command.topic,
        id=command.subject,
        status="ok",
        data=AlertsRead(
            read=len(found),
            missing=len(ids) - len(found),
            unread_count=sum(shelf.unread_counts[account_id, audience] for audience in sees),
        ),
    )
