"""What was paid for is granted, line by line, once."""

from services.credits import outcomes
from services.credits.book import Account, Book, Buckets, Granted, Reference
from shared.asked import Asked
from shared.contracts.credits import CreditsGranted
from shared.contracts.invoicing import Grant, InvoicePaid
from shared.contracts.message import Message
from shared.contracts.types import Bucket


def grant(book: Book, invoice: InvoicePaid, _: Asked) -> list[Message]:
    """Add every line that was never granted before."""
    account = book.accounts[invoice.account_id]
    return [
        grant_line(book, account, invoice, line)
        for line in invoice.grants
        if (account.account_id, invoice.invoice_id, line.line) not in book.granted
    ]


def grant_line(book: Book, account: Account, invoice: InvoicePaid, line: Grant) -> CreditsGranted:
    """Fill the bucket that was paid for, and remember that this line was."""
    bucket = bucket_of(line)
    deltas = added_by(book, account, line, bucket)
    kind = "purchase" if line.kind == "credit_package" else "subscription"
    about = Reference("invoice_line", f"{invoice.invoice_id}:{line.line}", described(book, line))
    entry = book.enter(account, kind, deltas, about)
    allocated = book.credits_per_month(account)
    if line.kind == "subscription":
        book.standing_of(account).granted_per_month = line.credits
    if entry is not None or book.credits_per_month(account) != allocated:
        account.version += 1
    granted = Granted(
        account.lane,
        account.account_id,
        invoice.invoice_id,
        line.line,
        line.kind,
        line.code,
        bucket,
        line.credits,
        sum(deltas),
        account.seq if entry else None,
        book.now,
    )
    book.granted.add((account.account_id, invoice.invoice_id, line.line))
    book.new_grants.append(granted)
    return outcomes.granted(book, account, granted, entry)


def bucket_of(line: Grant) -> Bucket:
    return line.bucket or ("purchased" if line.kind == "credit_package" else "plan")


def added_by(book: Book, account: Account, line: Grant, bucket: Bucket) -> Buckets:
    """A top-up raises the plan bucket to its credits and never above; all else is added."""
    if bucket == "purchased":
        return Buckets(0, line.credits)
    if tops_up(book, line):
        return Buckets(max(0, line.credits - account.plan_bucket), 0)
    return Buckets(line.credits, 0)


def tops_up(book: Book, line: Grant) -> bool:
    """A subscription's own word, else its plan's; what is bought always accumulates."""
    if line.kind != "subscription":
        return False
    plan = book.catalogue.plans.get(line.code)
    return (line.policy or (plan.renewal_policy if plan else None)) == "top_up"


def described(book: Book, line: Grant) -> str:
    """What stands in the ledger: the name of the plan or package, where it is known."""
    known = book.catalogue.packages if line.kind == "credit_package" else book.catalogue.plans
    row = known.get(line.code)
    return row.name if row else line.code
