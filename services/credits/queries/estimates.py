"""`credits.estimate`: what operations would need, by the rules that authorise them (P7, P8)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.credits import refusals
from services.credits.book import Account, Book
from services.credits.domain.requests import required
from services.credits.prices import (
    NOTHING_SAID,
    TOKENS_A_PRICE,
    Config,
    PriceList,
    expected_tokens,
    half_up,
    usd_text,
)
from services.credits.queries.accounts import open_accounts
from services.credits.queries.books import Books
from shared.asked import Asked
from shared.asking import Question
from shared.contracts.credits import Done, Estimate, EstimateAnswer, OperationRequested
from shared.contracts.credits.answers import EstimatedItem
from shared.contracts.credits.queries import AskEstimate, EstimatedOperation
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.types import MAX_CREDITS

LOW_PERCENT, HIGH_PERCENT = 90, 110
TOO_MUCH = f"Expected an estimate of at most {MAX_CREDITS} credits"


class Priced(NamedTuple):
    """What so many operations of one type need, one after the other."""

    operation_type: str
    required: int
    wanted: int  # To be held, where there is so much.
    exact_usd: int | None  # In 10^-11; None: the model has no price.


async def estimates(
    books: Books, questions: Sequence[Question[AskEstimate]]
) -> list[EstimateAnswer | Error]:
    """Nothing is held: what is available may have changed when the operations are requested."""
    book = await open_accounts(books, {question.account for question in questions})
    return [estimate(book, question) for question in questions]


def estimate(book: Book, question: Question[AskEstimate]) -> EstimateAnswer | Error:
    """Price each item; the first that nobody could authorise says why."""
    prices, priced, wanted = book.catalogue.prices.latest, list[Priced](), 0
    for path, item in items_of(question.params):
        found = problem_with(prices, path, item)
        if isinstance(found, Error):
            return found
        one = price(book, found, item, question)
        wanted += one.wanted
        if wanted > MAX_CREDITS:
            return invalid([Problem(path=path, reason=TOO_MUCH)])
        priced.append(one)
    return summed_up(book.accounts[question.account], priced, prices.version, question)


def items_of(asked: AskEstimate) -> Iterable[tuple[str, EstimatedOperation]]:
    """Each operation with the path under which it was asked for."""
    if asked.items is not None:
        return [(f"params.items[{place}]", item) for place, item in enumerate(asked.items)]
    assert asked.operation_type is not None, "without a list there is one operation"
    only = EstimatedOperation(
        operation_type=asked.operation_type,
        model=asked.model,
        tokens_input=asked.tokens_input,
        tokens_output=asked.tokens_output,
        words=asked.words,
        units=asked.units,
        images=asked.images,
    )
    return [("params", only)]


def problem_with(prices: PriceList, path: str, item: EstimatedOperation) -> Config | Error:
    """How the operation is priced, or what would refuse it whatever the balance is."""
    config = prices.configs.get(item.operation_type)
    if config is None:
        return refusals.unknown_operation(prices)
    if config.mode == "image" and not item.images:
        return invalid([Problem(path=f"{path}.images", reason="Missing: it makes images")])
    if not config.is_active:
        return refusals.disabled_operation(config, prices)
    model = prices.models.get(item.model) if item.model is not None else None
    if item.model is not None and (model is None or not model.is_active):
        return refusals.unknown_model(prices)
    return config


def price(
    book: Book, config: Config, item: EstimatedOperation, question: Question[AskEstimate]
) -> Priced:
    """Each operation is rounded by itself (P10); the cost is that of the estimate that counts."""
    prices = book.catalogue.prices.latest
    request = OperationRequested(
        account_id=question.account,
        operation_id="",
        operation_type=item.operation_type,
        model=item.model,
        estimate=item,
    )
    asked = Asked(question.role, question.user_id)
    needed = required(prices, config, request, asked)
    model = prices.models[item.model] if item.model is not None else None
    counts = item if needed == prices.required(config, item, model) else NOTHING_SAID
    usd = exact_usd(prices, config, counts, item.model)
    return Priced(
        item.operation_type,
        needed * item.count,
        config.with_margin(needed, book.hold_margin_percent) * item.count,
        None if usd is None else usd * item.count,
    )


def exact_usd(
    prices: PriceList, config: Config, expected: Estimate, requested: str | None
) -> int | None:
    """P1 on an estimate, not rounded yet; None where a model has no price."""
    if config.mode != "image":
        model = prices.model_used(Done(), requested, None)
        if model is None:
            return None
        return model.exact(*expected_tokens(config, expected, model), 0, 1)
    total = 0
    for place, image in enumerate(expected.images or ()):
        model = prices.model_used(Done(), requested, image.quality)
        if model is None:
            return None
        total += model.exact(0, 0, image.count, 1 if place == 0 else 0)
    return total


def summed_up(
    account: Account, priced: Sequence[Priced], version: int, question: Question[AskEstimate]
) -> EstimateAnswer:
    """One after the other: an item has what those before it leave."""
    left, items, first_short = account.available, list[EstimatedItem](), None
    for place, one in enumerate(priced):
        fits = first_short is None and one.required <= left
        if not fits and first_short is None:
            first_short = place
        items.append(item_of(one, min(one.wanted, left) if fits else one.wanted, question))
        left -= one.required
    return EstimateAnswer(
        required=sum(one.required for one in priced),
        available=account.available,
        has_enough=first_short is None,
        first_short=first_short,
        items=items,
        price_version=version,
    )


def item_of(one: Priced, held: int, question: Question[AskEstimate]) -> EstimatedItem:
    exact = one.exact_usd if question.sees_usd else None
    return EstimatedItem(
        operation_type=one.operation_type,
        required=one.required,
        held=held,
        usd_low=None if exact is None else share_of(exact, LOW_PERCENT),
        usd_high=None if exact is None else share_of(exact, HIGH_PERCENT),
    )


def share_of(exact: int, percent: int) -> str:
    """One rounding at the end, half up, 8 places."""
    return usd_text(half_up(exact * percent, 100 * TOKENS_A_PRICE))
