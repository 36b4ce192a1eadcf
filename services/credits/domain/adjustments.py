"""Credits that a developer gives or takes by hand: once, with a reason, and in the audit."""

from services.credits import correction_refusals as refusals
from services.credits import corrections
from services.credits.book import Account, Adjustment, Book, Buckets, Reference, into
from services.credits.domain.clawbacks import in_words
from services.credits.domain.thresholds import level_of, tell_the_customer
from shared.asked import Asked, audited
from shared.contracts.credits import AdjustmentRequested
from shared.contracts.message import Message, encode
from shared.contracts.operating import AuditObject


def adjust(book: Book, command: AdjustmentRequested, asked: Asked) -> list[Message]:
    """Neither the bucket that is named nor what is available may go below nothing."""
    account = book.accounts[command.account_id]
    known = book.adjustments.get((command.account_id, command.adjustment_id))
    if known is not None:
        return [answer_known(known, command)]
    row = write_down(book, account, command, asked)
    room = min(account.available, account.bucket(command.bucket))
    if room + command.amount < 0:
        row.refusal = encode(refusals.more_than_there_is(account, command, room))
        return [corrections.adjustment_answer(row)]
    before = Buckets(account.plan_bucket, account.purchased_bucket)
    enter(book, account, row, command)
    return [
        corrections.adjustment_answer(row),
        corrections.adjusted(book, account, row, command.reason),
        audited(
            book,
            command,
            asked,
            AuditObject(type="adjustment", id=command.adjustment_id),
            in_words(before),
            in_words(Buckets(account.plan_bucket, account.purchased_bucket)),
        ),
    ]


def answer_known(known: Adjustment, command: AdjustmentRequested) -> Message:
    if command.is_as_kept(known.request):
        return corrections.adjustment_answer(known, replayed=True)
    return command.refused(refusals.other_adjustment("refused" if known.refusal else "made"))


def write_down(
    book: Book, account: Account, command: AdjustmentRequested, asked: Asked
) -> Adjustment:
    row = Adjustment(
        account.lane,
        command.adjustment_id,
        account.account_id,
        command.amount,
        command.bucket,
        encode(command),
        asked.user_id,
        book.now,
        account.available,
        is_new=True,
    )
    book.adjustments[account.account_id, command.adjustment_id] = row
    return row


def enter(book: Book, account: Account, row: Adjustment, command: AdjustmentRequested) -> None:
    metadata = encode(corrections.metadata_of(command)).decode()
    about = Reference(
        "adjustment", row.adjustment_id, corrections.description_of(command), metadata, row.actor
    )
    before = level_of(book, account)
    row.transaction_id = book.enter(account, "adjustment", into(row.bucket, row.amount), about)
    account.version += 1
    row.seq, row.balance_after = account.seq, account.balance
    row.available_after = account.available
    tell_the_customer(book, account, before)
