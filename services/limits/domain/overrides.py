"""Limits that a developer gives a single account, in place of its plan's."""

from services.limits import outcomes, refusals
from services.limits.book import Account, Book, Override
from services.limits.domain import answers
from shared.asked import Asked, audited
from shared.contracts.errors import LimitType
from shared.contracts.limits import OverrideUpdateRequested
from shared.contracts.message import Message, Reply
from shared.contracts.operating import AuditObject
from shared.contracts.types import JsonObject


def override(book: Book, command: OverrideUpdateRequested, asked: Asked) -> list[Message]:
    """Set it or clear it, unless somebody else was first."""
    account, limit_type = book.accounts[command.account_id], command.limit_type
    known = account.overrides.get(limit_type)
    row = known or Override(account.lane, account.account_id, limit_type)
    if row.version == command.expected_version + 1 and is_as_asked(row, command):
        return [answers.latest(book, command) or as_it_stands(book, account, row, command)]
    if row.version != command.expected_version:
        return [command.refused(refusals.changed_since(row.version))]
    before = as_audited(book, account, limit_type)
    account.overrides[limit_type] = row
    row.is_set, row.limit = not command.clear, command.limit
    row.reason, row.version, row.is_changed = command.reason, row.version + 1, True
    account.raise_version()
    said = outcomes.override_updated(book, account, limit_type, row)
    after = as_audited(book, account, limit_type) | {"reason": row.reason}
    about = AuditObject(type="limit", id=limit_type)
    return [
        answers.keep(book, account, command, said),
        audited(book, command, asked, about, before, after),
    ]


def as_it_stands(
    book: Book, account: Account, row: Override, command: OverrideUpdateRequested
) -> Reply:
    """Of a change whose answer was not kept."""
    said = outcomes.override_updated(book, account, row.limit_type, row)
    return outcomes.reply(command, said, replayed=True)


def is_as_asked(row: Override, command: OverrideUpdateRequested) -> bool:
    now = row.is_set, row.limit, row.reason
    return now == (not command.clear, command.limit, command.reason)


def as_audited(book: Book, account: Account, limit_type: LimitType) -> JsonObject:
    row = account.overrides.get(limit_type)
    is_set = row is not None and row.is_set
    return {"limit": book.limit_of(account, limit_type), "override": is_set}
