"""What customers are told of (credits that run out) and operators (what should not happen)."""

from services.credits.book import Account, Book, Reservation
from shared.alerting import raising
from shared.alerting.raising import Mark, Words
from shared.contracts.operating import AlertRaised, Severity

PLAN_CREDITS, BALANCE = "plan_credits", "balance"  # What alerts to customers are about.


def threshold(book: Book, account: Account, percent: int, severity: Severity) -> AlertRaised:
    """So much of the month's allocation is used."""
    use = use_of(book, account)
    words = Words(
        PLAN_CREDITS,
        f"{percent} % Of This Month's Credits Used",
        f"{use['used']:,} of this month's {use['allocation']:,} credits are used; "
        f"the balance is {account.balance:,} credits.",
        use,
    )
    mark = Mark("credits.threshold", severity, "customer", percent)
    return alert(book, account, mark, words)


def empty(book: Book, account: Account) -> AlertRaised:
    """The last credit is gone."""
    use = use_of(book, account)
    words = Words(
        BALANCE,
        "No Credits Left",
        f"The balance is 0 credits; {use['used']:,} were used this month. "
        "New work starts when credits are added.",
        use,
    )
    return alert(book, account, Mark("credits.empty", "error", "customer"), words)


def use_of(book: Book, account: Account) -> dict[str, str | int | None]:
    """What was used of the month's allocation; of none there is no share."""
    used, allocation = book.used_this_month(account), book.credits_per_month(account)
    percent = 100 * used // allocation if allocation else None
    return {"used": used, "allocation": allocation, "percent": percent}


def shortfall(book: Book, account: Account, work: Reservation, *, is_third: bool) -> AlertRaised:
    """The third of an account within a day is an error: somebody works on without credits."""
    words = Words(
        work.subject_id,
        "Work Done Without Enough Credits",
        f"{work.shortfall} of {work.charged + work.shortfall} credits could not be charged.",
        {"charged": work.charged, "shortfall": work.shortfall, "type": work.operation_type},
    )
    severity: Severity = "error" if is_third else "warning"
    return alert(book, account, Mark("credits.shortfall", severity), words)


def unauthorised(book: Book, account: Account, work: Reservation) -> AlertRaised:
    """Somebody did work that was refused."""
    words = Words(
        work.subject_id,
        "Work Done After A Refusal",
        f"An operation that was refused was completed; {work.charged} credits were charged late.",
        {"charged": work.charged, "type": work.operation_type},
    )
    return alert(book, account, Mark("credits.unauthorised", "error"), words)


def price_missing(book: Book, account: Account, work: Reservation, model: str) -> AlertRaised:
    """Credits were charged, but nobody knows what the provider took."""
    words = Words(
        model,
        "A Model Has No Price",
        f"The model {model} is in no price list; its cost in USD is unknown.",
        {"model": model, "operation_id": work.subject_id},
    )
    return alert(book, account, Mark("price.missing", "warning"), words)


def tier_missing(book: Book, account: Account, work: Reservation, quality: str) -> AlertRaised:
    """Images were charged by the unit, for no model is the default of their quality."""
    words = Words(
        quality,
        "A Quality Of Images Has No Price",
        f"No model is the default of {quality} images; they were charged by the operation's unit.",
        {"image_quality": quality, "operation_id": work.subject_id},
    )
    return alert(book, account, Mark("price.missing", "warning"), words)


def alert(book: Book, account: Account, mark: Mark, words: Words) -> AlertRaised:
    return raising.alert(book, "credits", account.account_id, mark, words)
