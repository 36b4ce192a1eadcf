"""The stories that docs/publishing.md tells, played by the rules at a fixed moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, NamedTuple, Self, TypeVar

from services.credits import domain
from services.credits.book import Account, Book
from services.credits.catalogue import Catalogue, Prices
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES, PACKAGES, PLANS
from shared.contracts.credits import OperationCompleted, OperationRequested
from shared.contracts.invoicing import Grant, InvoicePaid
from shared.contracts.message import Event, Message
from shared.contracts.moments import rising_ids
from shared.envelope import Postmark, announce
from shared.lanes import lane_of
from shared.telling import Said, Told, tell
from tests import making
from tests.recorder import Sent, sent

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
ANN, BOB = "5b0c3f6e-2d41-4c7a-9e58-1f6d0a7b3c24", "8d2e91a0-67c5-4f3b-b1d4-3a9c05e7f612"
ARTICLE, REFUSED = "0f6a4c8e-91b3-4d27-8a5e-7c20d9b1e346", "c4d17b52-0e8f-4a96-b3c1-5f7e2a9d8061"
INVOICES = "71f3b0d9-4a2c-4e85-96d7-0b8c1e5a3f42", "a95e2c17-3b60-4d8f-8e24-6c1d7f0b9a53"
SALT = bytes(range(6))
CATALOGUE = Catalogue(
    1,
    Prices([(1, row) for row in COST_CONFIGS], [(1, row) for row in MODEL_PRICES]),
    {plan.plan_code: plan for plan in PLANS},
    {package.package_code: package for package in PACKAGES},
)

AnyBook = TypeVar("AnyBook")


class Step(NamedTuple):
    """What is sent so many seconds after noon."""

    seconds: float
    message: Message
    headers: making.Headers = ()


def asking(named: str) -> making.Headers:
    """The headers of one who waits for the answer."""
    return {
        "reply_to": b"replies.pipeline",
        "reply_partition": b"2",
        "correlation_id": named.encode(),
    }


class Rules(NamedTuple, Generic[AnyBook]):
    """How a service opens a book after another, decides in it, and says how accounts stand."""

    name: str
    open: Callable[[datetime, AnyBook | None], AnyBook]
    decide: Callable[[AnyBook, Message], Said]
    standings: Callable[[AnyBook], Iterable[Event]]


@dataclass
class Story(Generic[AnyBook]):
    """What was sent to a service and what it sent, in order, a batch a step."""

    rules: Rules[AnyBook]
    said: list[Message] = field(default_factory=list)
    told: list[Sent] = field(default_factory=list)
    book: AnyBook | None = None

    def play(self, steps: Sequence[Step]) -> Self:
        for step in steps:
            self.said.append(step.message)
            self.told += sent(self.take(step).records)
        return self

    def take(self, step: Step) -> Told:
        """One batch of one record, as the service would open and close its book."""
        now = NOON + timedelta(seconds=step.seconds)
        book = self.book = self.rules.open(now, self.book)
        told = Told(Postmark(self.rules.name, now, making.PARTITIONS))
        letter = making.letter(step.message, step.headers, offset=len(self.said) - 1)
        tell(told, letter, now, lambda asked: self.rules.decide(book, asked))
        for state in self.rules.standings(book):
            told.records.append(announce(state, told.causes[state.account_id], told.postmark))
        return told


def open_book(now: datetime, before: Book | None) -> Book:
    accounts = before.accounts if before else {a: Account(lane_of(a), a) for a in (ANN, BOB)}
    book = Book(now, rising_ids(now, SALT), CATALOGUE, accounts)
    if before is not None:
        book.operations |= before.operations
    for account in accounts.values():
        account.first_version = account.version
    return book


CREDITS = Rules("credits", open_book, domain.decide, domain.standings)
STEPS: Sequence[Step] = (
    Step(
        0,
        InvoicePaid(
            account_id=ANN,
            invoice_id=INVOICES[0],
            grants=[Grant(line=1, kind="subscription", credits=10_000, code="starter")],
        ),
    ),
    Step(
        60,
        OperationRequested(
            account_id=ANN, operation_id=ARTICLE, operation_type="content_generation"
        ),
        asking("draft-1"),
    ),
    Step(
        95.25,
        OperationCompleted(
            account_id=ANN,
            operation_id=ARTICLE,
            operation_type="content_generation",
            model_used="gpt-5.1",
            tokens_input=2000,
            tokens_output=2700,
            response_time_ms=34120,
        ),
    ),
    Step(
        120,
        InvoicePaid(
            account_id=BOB,
            invoice_id=INVOICES[1],
            grants=[Grant(line=1, kind="subscription", credits=40, code="starter")],
        ),
    ),
    Step(
        180,
        OperationRequested(
            account_id=BOB, operation_id=REFUSED, operation_type="content_generation"
        ),
    ),
)
