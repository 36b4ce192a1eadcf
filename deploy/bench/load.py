"""What is published: operations as a pipeline reports them, encoded before any clock runs."""

import random
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from shared.contracts.credits import Estimate, OperationCompleted, OperationRequested
from shared.contracts.errors import LimitType
from shared.contracts.limits import HoldConfirmed, HoldRequested
from shared.contracts.message import Command, Tenant, encode
from shared.contracts.moments import rising_ids
from shared.envelope import Outgoing
from shared.lanes import lane_of
from shared.publisher import packed
from shared.wire import Run, header, stamped

OPERATION, MODEL, PROVIDER = "content_generation", "gpt-5.1", "openai"
TOKENS_INPUT, FEWEST_TOKENS_OUTPUT, MOST_TOKENS_OUTPUT = 2000, 1000, 4000
KEYWORDS: LimitType = "keywords"
MOST_KEYWORDS = 50  # Of an import.
# A backlog of whole lives comes in waves: so many requests, then their completions.
WAVE_LIVES = 2000
REPLY_TOPIC = "replies.pipeline"
REPLY_TO = header("reply_to", REPLY_TOPIC.encode())
SEED = 20231116


class Tokens(NamedTuple):
    """What an operation was expected to use, if anybody said so, and what it used."""

    estimate: Estimate | None
    tokens_input: int
    tokens_output: int


class Life(NamedTuple):
    """One operation: how it is asked for and how its end is reported.

    No end is known beforehand where it must name what only the answer tells.
    """

    operation_id: str
    request: Outgoing
    completion: Outgoing | None = None


class Granted(NamedTuple):
    """A hold of a limit, of which all is made."""

    account_id: str
    hold_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Load:
    """So many operations on their way to Kafka; a wave is published when the one before arrived."""

    operations: int
    waves: Iterable[Sequence[Run]]  # To be gone through once.


def new_accounts(count: int, chance: random.Random) -> list[str]:
    return [str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(count)]


def drawn(chance: random.Random) -> Tokens:
    """An article: the estimate is off by up to a fifth, as far as the hold's margin goes."""
    expected = chance.randrange(FEWEST_TOKENS_OUTPUT, MOST_TOKENS_OUTPUT)
    estimate = Estimate(tokens_input=TOKENS_INPUT, tokens_output=expected)
    return Tokens(estimate, TOKENS_INPUT, int(expected * chance.uniform(0.6, 1.2)))


class Pipeline:
    """Asks for operations and reports their ends, as one that is written against the contract."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._chance = random.Random(SEED)  # noqa: S311 - A load that is the same in every run.
        self._ids = rising_ids(datetime.now(UTC), secrets.token_bytes(6))

    def lives(self, count: int, accounts: Sequence[str]) -> list[Life]:
        """Operations of accounts drawn by chance, each as likely as the other."""
        drawn_accounts = self._chance.choices(accounts, k=count)
        return [self.life(account, drawn(self._chance)) for account in drawn_accounts]

    def life(self, account_id: str, tokens: Tokens) -> Life:
        operation_id = next(self._ids)
        request = OperationRequested(
            account_id=account_id,
            operation_id=operation_id,
            operation_type=OPERATION,
            model=MODEL,
            user_id="user-1",
            estimate=tokens.estimate,
        )
        completion = OperationCompleted(
            account_id=account_id,
            operation_id=operation_id,
            operation_type=OPERATION,
            model_used=MODEL,
            provider=PROVIDER,
            tokens_input=tokens.tokens_input,
            tokens_output=tokens.tokens_output,
            response_time_ms=1800,
        )
        trace = trace_of(operation_id)
        return Life(operation_id, self._asked(request, trace), self._out(completion, [trace]))

    def imports(self, count: int, accounts: Sequence[str]) -> list[Life]:
        """Keywords for accounts drawn by chance, each as likely as the other."""
        return [self._import(account) for account in self._chance.choices(accounts, k=count)]

    def _import(self, account_id: str) -> Life:
        request_id = next(self._ids)
        request = HoldRequested(
            account_id=account_id,
            request_id=request_id,
            limit_type=KEYWORDS,
            quantity=self._chance.randint(1, MOST_KEYWORDS),
            purpose="keyword.import",
        )
        return Life(request_id, self._asked(request, trace_of(request_id)))

    def confirmations(self, holds: Sequence[Granted]) -> Load:
        """All that was held is there now."""
        made = (
            HoldConfirmed(account_id=account, hold_id=hold, quantity=quantity)
            for account, hold, quantity in holds
        )
        records = (self._out(one, [trace_of(one.hold_id)]) for one in made)
        return Load(len(holds), [packed(records)])

    def _asked(self, command: Command, trace: bytes) -> Outgoing:
        named = header("correlation_id", command.subject.encode())
        return self._out(command, [named, REPLY_TO, trace])

    def _out(self, message: Tenant | OperationCompleted, headers: Sequence[bytes]) -> Outgoing:
        account_id = message.account_id
        record = stamped(account_id.encode(), encode(message), headers, len(headers))
        return Outgoing(message.topic, lane_of(account_id) % self._partitions, record)


def trace_of(named: str) -> bytes:
    """Each operation is a trace of its own."""
    number = named.encode().replace(b"-", b"")
    return header("traceparent", b"00-%b-00f067aa0ba902b7-01" % number)


def requests_of(lives: Sequence[Life]) -> Load:
    return Load(len(lives), [packed(life.request for life in lives)])


def completions_of(lives: Sequence[Life]) -> Load:
    return Load(len(lives), [packed(known_ends(lives))])


def whole(lives: Sequence[Life]) -> Load:
    """Requests and completions in waves, as they would have come in one after the other."""
    return Load(len(lives), waves(lives))


def waves(lives: Sequence[Life]) -> Iterator[Sequence[Run]]:
    for start in range(0, len(lives), WAVE_LIVES):
        wave = lives[start : start + WAVE_LIVES]
        yield packed(life.request for life in wave)
        yield packed(known_ends(wave))


def known_ends(lives: Iterable[Life]) -> Iterator[Outgoing]:
    return (life.completion for life in lives if life.completion is not None)
