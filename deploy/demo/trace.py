"""The trace: an hour of real calls of two LLM services, in the order in which they came."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from deploy.errors import OperatorError

FOLDER = Path(__file__).parents[2] / "data" / "llm_traces"

Service: TypeAlias = Literal["conv", "code"]
FILES: dict[Service, str] = {"conv": "azure_2023_conv.csv", "code": "azure_2023_code.csv"}


class Call(NamedTuple):
    """One call of a model: when it came, and how many tokens went in and out."""

    second: float  # Since the first call of the trace.
    service: Service
    tokens_input: int
    tokens_output: int


def read() -> list[Call]:
    """Both services, as one stream."""
    calls = sorted(call for service, name in FILES.items() for call in read_file(service, name))
    first = calls[0].second
    return [call._replace(second=call.second - first) for call in calls]


def read_file(service: Service, name: str) -> Iterator[Call]:
    try:
        with (FOLDER / name).open(newline="") as file:
            for row in csv.DictReader(file):
                tokens = int(row["ContextTokens"]), int(row["GeneratedTokens"])
                yield Call(second_of(row["TIMESTAMP"]), service, *tokens)
    except FileNotFoundError as error:
        raise OperatorError(f"the trace {FOLDER / name} is missing") from error


def second_of(timestamp: str) -> float:
    """The second of its day: a trace is of one day, with seven decimals."""
    hours, minutes, seconds = timestamp.split(" ")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
