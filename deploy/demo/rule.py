"""The stated, seeded rule that deals the calls out: to whom, what for, and what becomes of them.

The trace knows neither customers nor models. Everything that it does not say is drawn here, and
nowhere else: the same seed deals the same hand.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Literal, NamedTuple, TypeAlias, TypeVar
from uuid import UUID, uuid5

from deploy.demo.trace import Call, Service
from shared.contracts.credits import Estimate, ImageCount, Images
from shared.contracts.invoicing import Grant
from shared.contracts.types import Quality

Fate: TypeAlias = Literal["completed", "failed", "cancelled", "late", "overtaking"]
Repeated: TypeAlias = Literal["nothing", "request", "report"]
Drawn = TypeVar("Drawn")

ACCOUNTS, ZIPF_EXPONENT = 200, 1.1
# In ranks of how busy an account is.
SCALE_BELOW, GROWTH_BELOW, SMALL_EVERY, BUYS_EVERY, PAUSED = 10, 40, 7, 2, 30
OPERATIONS: Mapping[Service, Mapping[str, int]] = {
    "conv": {
        "content_generation": 50,
        "idea_generation": 20,
        "image_prompt_extraction": 12,
        "content_linking": 10,
        "image_generation": 8,
    },
    "code": {"clustering": 50, "optimization": 40, "site_page_generation": 10},
}
# Per thousand; the last one is switched off in the price list.
MODELS: Mapping[str, int] = {"gpt-5.1": 700, "gpt-4o-mini": 298, "gpt-4o": 2}
FATES: Mapping[Fate, int] = {
    "completed": 89,
    "failed": 4,
    "cancelled": 3,
    "overtaking": 2,
    "late": 2,
}
REPEATS: Mapping[Repeated, int] = {"nothing": 94, "request": 3, "report": 3}
QUALITIES: Mapping[Quality, int] = {"basic": 6, "quality": 3, "premium": 1}
MOST_IMAGES, MOST_PAGES, ONE_IMAGE_FEWER_EVERY = 4, 3, 10
EXTENDED_EVERY = 100  # Works longer than its hold lives, and asks for more time.
FIRST_GUESS_TOKENS = 200  # Of output, before an operation was ever seen.

STATED = f"""\
- {ACCOUNTS} accounts by Zipf ({ZIPF_EXPONENT}): the busiest {SCALE_BELOW} are on Scale, \
{GROWTH_BELOW - SCALE_BELOW} on Growth, the others on Starter.
  Every {SMALL_EVERY}th has only the smallest package and runs dry; every second of these then \
buys what
  the refusal suggests. One is paused.
- Conversation becomes articles, ideas, image prompts, links and images; code becomes clusters,
  optimizations and pages. 7 of 10 use gpt-5.1, 3 gpt-4o-mini, 2 in 1,000 a model that is off.
- Of 100, {FATES["failed"]} fail, {FATES["cancelled"]} are cancelled, {FATES["late"]} are \
completed after they were cancelled and {FATES["overtaking"]} before
  they are requested; {REPEATS["request"]} are requested twice, {REPEATS["report"]} are reported \
twice, 1 asks for more time.
- An estimate is what a pipeline knows: the prompt as counted, the output as it was on average."""


@dataclass(slots=True)
class Seen:
    """What the pipeline has seen of one operation: so many calls, so many tokens out."""

    calls: int = 0
    tokens: int = 0

    @property
    def average(self) -> int:
        return self.tokens // self.calls if self.calls else FIRST_GUESS_TOKENS


@dataclass(eq=False, slots=True)
class Customer:
    """An account, and what it has paid for."""

    rank: int
    account_id: str
    paid: list[Grant] = field(default_factory=list)

    @property
    def is_small(self) -> bool:
        return self.rank % SMALL_EVERY == SMALL_EVERY - 1

    @property
    def buys_more(self) -> bool:
        return self.is_small and self.rank // SMALL_EVERY % BUYS_EVERY == 0

    @property
    def is_paused(self) -> bool:
        return self.rank == PAUSED


class Work(NamedTuple):
    """What an operation is to do, what a pipeline expects of it, and what it will have made."""

    operation_type: str
    model: str | None
    estimate: Estimate
    images: Images | None = None  # Delivered.
    pages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call of the trace as an operation of an account."""

    operation_id: str
    customer: Customer
    call: Call
    work: Work
    fate: Fate
    repeated: Repeated
    is_extended: bool


def customers(run: UUID) -> list[Customer]:
    """The accounts of one run of the demo, the busiest first, with what each begins with."""
    found = [Customer(rank, str(uuid5(run, f"account {rank}"))) for rank in range(ACCOUNTS)]
    for customer in found:
        customer.paid.append(first_grant(customer))
    return found


def first_grant(customer: Customer) -> Grant:
    if customer.is_small:
        return Grant(line=1, kind="credit_package", credits=500, code="starter")
    if customer.rank < SCALE_BELOW:
        return Grant(line=1, kind="subscription", credits=120_000, code="scale")
    if customer.rank < GROWTH_BELOW:
        return Grant(line=1, kind="subscription", credits=40_000, code="growth")
    return Grant(line=1, kind="subscription", credits=10_000, code="starter")


def deal(calls: Sequence[Call], accounts: Sequence[Customer], run: UUID, seed: int) -> list[Job]:
    """Give every call its account, operation, model and fate, in the order of the trace."""
    dealer = Dealer(Random(seed), accounts, run)  # noqa: S311 # To be repeated, not to be secret.
    return [dealer.deal(number, call) for number, call in enumerate(calls)]


@dataclass
class Dealer:
    """Draws what the trace does not say, and learns what a pipeline would know by then."""

    random: Random
    accounts: Sequence[Customer]
    run: UUID
    seen: dict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))

    def __post_init__(self) -> None:
        weights = ((rank + 1) ** -ZIPF_EXPONENT for rank in range(len(self.accounts)))
        self._weights = list(accumulate(weights))

    def deal(self, number: int, call: Call) -> Job:
        [customer] = self.random.choices(self.accounts, cum_weights=self._weights)
        return Job(
            operation_id=str(uuid5(self.run, f"operation {number}")),
            customer=customer,
            call=call,
            work=self._work(call),
            fate=self._draw(FATES),
            repeated=self._draw(REPEATS),
            is_extended=self.random.randrange(EXTENDED_EVERY) == 0,
        )

    def _work(self, call: Call) -> Work:
        operation_type = self._draw(OPERATIONS[call.service])
        if operation_type == "image_generation":
            return self._images(operation_type)
        if operation_type == "site_page_generation":
            pages = self.random.randint(1, MOST_PAGES)
            return Work(operation_type, None, Estimate(units=pages), pages=pages)
        return Work(operation_type, self._draw(MODELS), self._estimate(operation_type, call))

    def _images(self, operation_type: str) -> Work:
        """Now and then one image fewer is delivered than was asked for."""
        quality, count = self._draw(QUALITIES), self.random.randint(1, MOST_IMAGES)
        missing = int(count > 1 and self.random.randrange(ONE_IMAGE_FEWER_EVERY) == 0)
        wanted = [ImageCount(quality=quality, count=count)]
        delivered = [ImageCount(quality=quality, count=count - missing)]
        return Work(operation_type, None, Estimate(images=wanted), images=delivered)

    def _estimate(self, operation_type: str, call: Call) -> Estimate:
        seen = self.seen[operation_type]
        expected = seen.average
        seen.calls, seen.tokens = seen.calls + 1, seen.tokens + call.tokens_output
        return Estimate(tokens_input=call.tokens_input, tokens_output=expected)

    def _draw(self, weights: Mapping[Drawn, int]) -> Drawn:
        return self.random.choices(list(weights), list(weights.values()))[0]
