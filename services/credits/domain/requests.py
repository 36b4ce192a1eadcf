"""Before work starts: may this account spend so much, and for how long is it held (P7, P8)."""

from datetime import timedelta

from msgspec.structs import replace

from services.credits import outcomes, refusals
from services.credits.book import Account, Book, Change, Reservation, Run
from services.credits.prices import NOTHING_SAID, Config, PriceList
from shared.asked import Asked
from shared.contracts.credits import CHARGED, OperationRequested
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.message import Message, encode
from shared.contracts.types import MAX_CREDITS
from shared.mirror import not_active


def authorise(book: Book, request: OperationRequested, asked: Asked) -> list[Message]:
    """Hold credits for work that is about to start, or remember why not."""
    if request.estimate == NOTHING_SAID:
        request = replace(request, estimate=None)  # The same question, and the same answer.
    account = book.accounts[request.account_id]
    known = book.operations.get((request.account_id, request.operation_id))
    if known is not None and request.is_as_kept(known.request):
        return [outcomes.first_answer(known, replayed=True)]
    prices = book.catalogue.prices.latest
    config = prices.configs.get(request.operation_type)
    if error := mistake_in(request, config, known):
        return [request.refused(error)]
    if known is not None:
        return [answer_late(book, account, known, request, asked)]
    problem = problem_with(book, account, request, config, prices)
    needed = 0 if problem or config is None else required(prices, config, request, asked)
    if needed > MAX_CREDITS:
        return [request.refused(invalid([TOO_MUCH]))]
    run = book.open_run(account.account_id, request.run_id)
    of_the_run = run.remaining if run else 0
    if needed > account.available + of_the_run:
        problem = refusals.insufficient(book, account, needed, of_the_run)
    row = book.hear_of(account, request.operation_id, "refused")
    write_down(book, row, request, prices.version)
    row.estimated = needed
    if problem is not None:
        return [refuse(row, problem)]
    assert config is not None, "an unknown operation is a problem"
    hold(book, account, row, config, run, request.hold_ttl_s)
    return [outcomes.first_answer(row), outcomes.reserved(book, account, row)]


TOO_MUCH = Problem(path="estimate", reason=f"Expected work of at most {MAX_CREDITS} credits")
IMAGES_MISSING = Problem(path="estimate.images", reason="Missing: this operation makes images")


def mistake_in(
    request: OperationRequested, config: Config | None, known: Reservation | None
) -> Error | None:
    """What is wrong with the message itself: it is answered, and nothing is kept."""
    images = request.estimate is not None and request.estimate.images
    if config is not None and config.mode == "image" and not images:
        return invalid([IMAGES_MISSING])
    if known is not None and known.request is not None:
        return refusals.other_content(known.state)
    return None


def write_down(book: Book, row: Reservation, request: OperationRequested, version: int) -> None:
    row.request, row.requested_at, row.price_version = encode(request), book.now, version
    row.operation_type, row.model = request.operation_type, request.model
    row.run_id = request.run_id


def problem_with(
    book: Book,
    account: Account,
    request: OperationRequested,
    config: Config | None,
    prices: PriceList,
) -> Error | None:
    """What stands against it before any number is looked at; the account's status comes first."""
    if account.standing.status in ("suspended", "cancelled"):
        return not_active(account.standing, book.now)
    return not_offered(prices, config, request.model)


def not_offered(prices: PriceList, config: Config | None, model_name: str | None) -> Error | None:
    """Whether there are such operations and such a model."""
    if config is None:
        return refusals.unknown_operation(prices)
    if not config.is_active:
        return refusals.disabled_operation(config, prices)
    if model_name is not None:
        model = prices.models.get(model_name)
        if model is None or not model.is_active:
            return refusals.unknown_model(prices)
    return None


def required(prices: PriceList, config: Config, request: OperationRequested, asked: Asked) -> int:
    """P7: a person's estimate may raise what is required, never lower it below the default."""
    model = prices.models.get(request.model or "")
    needed = prices.required(config, request.estimate, model)
    if asked.is_by_a_person and config.mode != "image":
        return max(needed, prices.required(config, None, model))
    return needed


def hold(
    book: Book, account: Account, row: Reservation, config: Config, run: Run | None, seconds: int
) -> None:
    """P8: with a margin, as far as there are credits; first its run gives of what it holds."""
    wanted = config.with_margin(row.estimated, book.hold_margin_percent)
    from_run = 0 if run is None else min(wanted, run.remaining)
    from_free = min(wanted - from_run, account.available)
    row.held = from_run + from_free
    row.state, row.expires_at = "held", book.now + timedelta(seconds=seconds)
    account.held += from_free
    if run is not None and from_run:
        run.remaining -= from_run
        run.is_changed = True
    account.version += 1
    row.available_after = account.available


def refuse(row: Reservation, error: Error) -> Message:
    """Answer with an error, and keep it: the same request is answered with it for ever."""
    row.refusal = encode(error)
    return outcomes.first_answer(row)


def answer_late(
    book: Book, account: Account, row: Reservation, request: OperationRequested, asked: Asked
) -> Message:
    """Tell whoever asks for work whose end was reported first how it ended (P16)."""
    prices = book.catalogue.prices.at(row.price_version or book.catalogue.prices.latest.version)
    config = prices.configs.get(row.operation_type or "")
    if row.state not in CHARGED:
        config = None  # Nothing came of it: it needs nothing.
    needed = 0 if config is None else required(prices, config, request, asked)
    if needed > MAX_CREDITS:
        return request.refused(invalid([TOO_MUCH]))
    row.touch(Change.REWRITTEN)
    row.request, row.requested_at = encode(request), book.now
    row.run_id = row.run_id or request.run_id
    row.available_after = account.available
    if config is None:
        return refuse(row, refusals.ended(row.state))
    row.answered_late, row.expires_at = True, row.closed_at or book.now
    row.estimated = needed
    return outcomes.first_answer(row)
