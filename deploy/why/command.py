"""`igny8 why OPERATION_ID`: what was asked, decided, done, charged and told, in order."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from aiokafka.errors import KafkaError

from deploy import surroundings
from deploy.books import as_of_now
from deploy.errors import OperatorError
from deploy.local.environment import KAFKA
from deploy.options import DATA, Data
from deploy.why.found import Found, find
from deploy.why.heard import Heard, listen, window_of
from deploy.why.showing import Told, as_json, lines
from deploy.why.story import story_of
from shared import retained

MARGIN_PERCENT = 20  # Where the settings do not say otherwise.

app = typer.Typer()


@app.command(name="why")
def why(
    operation_id: str,
    data: Data = DATA,
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell the whole story of one operation; changes nothing."""
    told = asyncio.run(tell(surroundings.of(data), canonical(operation_id)))
    if json:
        typer.echo(msgspec.json.encode(as_json(told)))
    else:
        typer.echo("\n".join(line for one in told for line in lines(one)))


def canonical(operation_id: str) -> str:
    try:
        return str(UUID(operation_id))
    except ValueError as error:
        raise OperatorError(f"{operation_id} is no id of an operation") from error


async def tell(settings: Mapping[str, str], operation_id: str) -> Sequence[Told]:
    """An operation an account, nearly always one in all."""
    stories = await found_in_books(settings, operation_id)
    if not stories:
        raise OperatorError(f"nobody has heard of an operation {operation_id}")
    told = list[Told]()
    for found in stories:
        heard = await heard_of(settings, found)
        told.append(Told(found, story_of(found, heard or ()), heard is not None))
    return told


async def found_in_books(settings: Mapping[str, str], operation_id: str) -> list[Found]:
    margin = int(settings.get("HOLD_MARGIN_PERCENT") or MARGIN_PERCENT)
    async with as_of_now(settings, "credits") as tx:
        return await find(tx, operation_id, margin)


async def heard_of(settings: Mapping[str, str], found: Found) -> list[Heard] | None:
    """None where no Kafka answers: the books tell most of it all the same."""
    window = window_of(found.operation, surroundings.clock_offset(settings))
    try:
        async with retained.opened(settings[KAFKA]) as topics:
            return await listen(topics, found.operation, window)
    except KafkaError:
        return None
