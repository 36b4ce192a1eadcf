"""An hour of real calls of two LLM services: when they came, and how many tokens they took.

Whose they were nobody knows: each call is an article of one of 200 accounts, drawn by Zipf's law
from a fixed seed, so that a few accounts are busy and most are quiet. Nobody estimates beforehand.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from deploy.bench.load import SEED, Life, Pipeline, Tokens
from deploy.errors import OperatorError
from deploy.local.cache import ROOT

FOLDER = ROOT / "data" / "llm_traces"
FILES = "azure_2023_code.csv", "azure_2023_conv.csv"
ACCOUNTS = 200
MICROSECOND_DIGITS = 26  # Of "2023-11-16 18:17:03.979960", without the digit that follows.


class Call(NamedTuple):
    """One call: seconds since the first one, and its tokens."""

    seconds: float
    tokens_input: int
    tokens_output: int


@cache
def calls() -> Sequence[Call]:
    """The calls of both services in the order in which they came."""
    found = sorted(call for name in FILES for call in read(FOLDER / name))
    return [call._replace(seconds=call.seconds - found[0].seconds) for call in found]


def read(path: Path) -> Iterator[Call]:
    if not path.exists():
        raise OperatorError(f"{path} is missing: the real trace belongs to the checkout")
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            moment = datetime.fromisoformat(row["TIMESTAMP"][:MICROSECOND_DIGITS] + "+00:00")
            tokens = int(row["ContextTokens"]), int(row["GeneratedTokens"])
            yield Call(moment.timestamp(), *tokens)


def lives(pipeline: Pipeline, accounts: Sequence[str]) -> list[Life]:
    """Each call as an operation of the account that chance gives it."""
    chance = random.Random(SEED)  # noqa: S311 - The same in every run.
    weights = list(accumulate(1 / rank for rank in range(1, len(accounts) + 1)))
    owners = chance.choices(accounts, cum_weights=weights, k=len(calls()))
    return [
        pipeline.life(owner, Tokens(None, call.tokens_input, call.tokens_output))
        for owner, call in zip(owners, calls(), strict=True)
    ]
