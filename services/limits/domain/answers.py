"""A command is answered once, and then always so.

What may be changed to and fro under one id is answered so while it stands.
"""

from services.limits import outcomes, refusals
from services.limits.book import Account, Book, Kept
from shared.contracts.message import Command, Reply, encode
from shared.contracts.operating import StoredReply


def kept(book: Book, command: Command, kind: str) -> Reply | None:
    """What was answered to this command, or that its id was used for something else."""
    known = book.kept.get((command.account_id, command.topic, command.subject))
    if known is None:
        return None
    if command.is_as_kept(known.request):
        return outcomes.again(command, known.answer)
    state = "refused" if outcomes.read_stored(known.answer).error else "done"
    return command.refused(refusals.other_content(kind, state))


def latest(book: Book, command: Command) -> Reply | None:
    """What was answered to the latest change under this id, if this very command made it."""
    known = book.kept.get((command.account_id, command.topic, command.subject))
    if known is None or not command.is_as_kept(known.request):
        return None
    return outcomes.again(command, known.answer)


def keep(book: Book, account: Account, command: Command, answer: StoredReply) -> Reply:
    """Answer it so for ever."""
    book.keep(
        Kept(
            account.lane,
            account.account_id,
            command.topic,
            command.subject,
            encode(command),
            encode(answer),
        )
    )
    return outcomes.reply(command, answer)
