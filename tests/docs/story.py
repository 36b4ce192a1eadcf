"""The story that docs/publishing.md tells, played by the rules at a fixed moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.credits import domain
from services.credits.book import Account, Book
from services.credits.catalogue import Catalogue, Prices
from shared.contracts.catalogue import COST_CONFIGS, MODEL_PRICES, PACKAGES, PLANS
from shared.contracts.credits import OperationCompleted, OperationRequested
from shared.contracts.invoicing import Grant, InvoicePaid
from shared.contracts.message import Message
from shared.contracts.moments import rising_ids
from shared.envelope import Postmark, announce
from shared.lanes import lane_of
from shared.telling import Told, tell
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
ASKING = {"reply_to": b"replies.pipeline", "reply_partition": b"2", "correlation_id": b"draft-1"}

STEPS: Sequence[tuple[float, Message, making.Headers]] = (
    (
        0,
        InvoicePaid(
            account_id=ANN,
            invoice_id=INVOICES[0],
            grants=[Grant(line=1, kind="subscription", credits=10_000, code="starter")],
        ),
        {},
    ),
    (
        60,
        OperationRequested(
            account_id=ANN, operation_id=ARTICLE, operation_type="content_generation"
        ),
        ASKING,
    ),
    (
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
        {},
    ),
    (
        120,
        InvoicePaid(
            account_id=BOB,
            invoice_id=INVOICES[1],
            grants=[Grant(line=1, kind="subscription", credits=40, code="starter")],
        ),
        {},
    ),
    (
        180,
        OperationRequested(
            account_id=BOB, operation_id=REFUSED, operation_type="content_generation"
        ),
        {},
    ),
)


@dataclass
class Story:
    """What was sent to credits and what it sent, in order, a batch a step."""

    said: list[Message] = field(default_factory=list)
    told: list[Sent] = field(default_factory=list)
    accounts: dict[str, Account] = field(
        default_factory=lambda: {who: Account(lane_of(who), who) for who in (ANN, BOB)}
    )
    book: Book | None = None

    def play(self) -> "Story":
        for seconds, message, headers in STEPS:
            self.said.append(message)
            self.told += sent(
                self.step(NOON + timedelta(seconds=seconds), message, headers).records
            )
        return self

    def step(self, now: datetime, message: Message, headers: making.Headers) -> Told:
        """One batch of one record, as the service would open and close its book."""
        before = self.book
        book = Book(now, rising_ids(now, SALT), CATALOGUE, self.accounts)
        if before is not None:
            book.operations |= before.operations
        for account in self.accounts.values():
            account.first_version = account.version
        self.book, told = book, Told(Postmark("credits", now, making.PARTITIONS))
        letter = making.letter(message, headers, offset=len(self.said) - 1)
        tell(told, letter, now, lambda asked: domain.decide(book, asked))
        for state in domain.standings(book):
            told.records.append(announce(state, told.causes[state.account_id], told.postmark))
        return told
