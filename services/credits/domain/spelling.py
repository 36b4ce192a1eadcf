"""One spelling a number: `1.3` and `1.300` are the same price."""

from typing import TypeVar

from msgspec.structs import replace

from services.credits.prices import THOUSANDTHS, scaled, usd_text
from shared.contracts.credits.prices import ModelRate
from shared.contracts.moments import FIRST, LAST, in_milliseconds, moment_of

Rate = TypeVar("Rate", bound=ModelRate)


def canonical(rate: Rate) -> Rate:
    """The same row, its numbers and its moment as we write them."""
    return replace(
        rate,
        credit_multiplier=factor(rate.credit_multiplier),
        tokens_per_word=factor(rate.tokens_per_word),
        cost_per_1k_input=dollars(rate.cost_per_1k_input),
        cost_per_1k_output=dollars(rate.cost_per_1k_output),
        cost_per_image=dollars(rate.cost_per_image),
        cost_per_request=dollars(rate.cost_per_request),
        effective_from=moment(rate.effective_from),
    )


def factor(decimal: str) -> str:
    whole, thousandths = divmod(scaled(decimal, 3), THOUSANDTHS)
    return f"{whole}.{thousandths:03d}"


def dollars(decimal: str | None) -> str | None:
    return None if decimal is None else usd_text(scaled(decimal, 8))


def moment(text: str) -> str:
    """A producer's time is data: what no calendar of ours knows stays as it was said."""
    try:
        read = moment_of(text)
    except ValueError:
        return text
    return text if read in (FIRST, LAST) else in_milliseconds(read)
