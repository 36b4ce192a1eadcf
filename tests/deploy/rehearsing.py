"""Price lists that somebody proposes, and what reports would have cost by them; in few words."""

from pathlib import Path

import msgspec

from deploy.prices import proposal
from deploy.prices.replay import Compared, compared
from deploy.prices.uses import Use
from services.credits.catalogue import Prices
from shared.contracts.credits import UsageRecorded
from shared.contracts.message import Message
from shared.contracts.types import Json, JsonObject
from tests.credits.rules.desk import SEED_PRICES, desk_with
from tests.credits.rules.pricing import CONFIGS, MODELS
from tests.hearing import all_of


def written(folder: Path, **rows: Json) -> Path:
    file = folder / "proposal.json"
    file.write_bytes(msgspec.json.encode(rows))
    return file


def config(code: str = "content_generation", **said: Json) -> JsonObject:
    row: JsonObject = msgspec.to_builtins(CONFIGS[code])
    return row | said


def model(name: str = "gpt-5.1", **said: Json) -> JsonObject:
    row: JsonObject = msgspec.to_builtins(MODELS[name])
    return row | said


def proposed(folder: Path, **rows: Json) -> Prices:
    return proposal.applied(proposal.read(written(folder, **rows)), SEED_PRICES)


def logged(*reports: Message) -> list[Use]:
    """The rows of the log that reports lead to, as the command reads them."""
    desk = desk_with(plan=100_000)
    rows = all_of(UsageRecorded, desk.tell(*reports))
    asked = {work.subject_id: work.model for work in desk.book.operations.values()}
    return [use_of(row, asked[row.operation_id]) for row in rows]


def use_of(row: UsageRecorded, model_requested: str | None) -> Use:
    beside = {"credits": row.credits_used + row.shortfall, "model_requested": model_requested}
    names = [name for name in Use._fields if name not in beside]
    return Use(**{name: getattr(row, name) for name in names} | beside)


def replayed(prices: Prices, *reports: Message) -> list[Compared]:
    return compared(logged(*reports), SEED_PRICES.latest, prices.latest)


def credits_of(rows: list[Compared]) -> list[tuple[int, int]]:
    return [(row.old.credits, row.new.credits) for row in rows]
