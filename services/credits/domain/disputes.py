"""Money that a bank takes back: its credits are frozen, until the dispute is won or lost."""

from services.credits import corrections
from services.credits.book import Book, Buckets
from services.credits.domain.clawbacks import Claim, free, freeze, revoke, written_down
from shared.asked import Asked
from shared.contracts.credits import PaymentDisputed
from shared.contracts.message import Message

WON = "dispute_won"


def dispute(book: Book, said: PaymentDisputed, asked: Asked) -> list[Message]:
    """The first word that it is won or lost ends it, also where nobody said it was opened."""
    match said.state:
        case "opened":
            return open_dispute(book, said)
        case "won":
            return win(book, said)
        case "lost":
            return lose(book, said, asked)


def open_dispute(book: Book, said: PaymentDisputed) -> list[Message]:
    """Freeze what is left of what was bought; a dispute that has ended stays ended."""
    account = book.accounts[said.account_id]
    if (said.account_id, "dispute", said.dispute_id) in book.clawbacks:
        return []
    row = book.hear_of_clawback(account, "dispute", said.dispute_id, "frozen")
    row.payment_id, row.invoice_id, row.bucket = said.payment_id, said.invoice_id, said.bucket
    row.asked = said.credits
    freeze(account, row, account.unspent(said.bucket, said.credits))
    return [corrections.frozen(book, account, row)]


def win(book: Book, said: PaymentDisputed) -> list[Message]:
    """The money stays here: its credits are free again."""
    account = book.accounts[said.account_id]
    known = book.clawbacks.get((said.account_id, "dispute", said.dispute_id))
    if known is None:
        unheard = book.hear_of_clawback(account, "dispute", said.dispute_id, "released")
        unheard.payment_id, unheard.invoice_id = said.payment_id, said.invoice_id
        unheard.bucket, unheard.closed_at = said.bucket, book.now
        return []
    return free(book, account, known, "released", WON) if known.state == "frozen" else []


def lose(book: Book, said: PaymentDisputed, asked: Asked) -> list[Message]:
    """The money is gone, whether or not its credits are spent: as a refund by force."""
    account = book.accounts[said.account_id]
    known = book.clawbacks.get((said.account_id, "dispute", said.dispute_id))
    if known is not None and known.state != "frozen":
        return []
    row = known or book.hear_of_clawback(account, "dispute", said.dispute_id, "revoked")
    before = Buckets(account.plan_bucket, account.purchased_bucket)
    told = revoke(book, account, row, said, Claim(said.bucket, said.credits, forced=True))
    return [*told, written_down(book, asked, said, row, before)]
