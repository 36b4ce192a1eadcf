"""Records that tell no more than their number, for a broker that takes little."""

import asyncio
from collections.abc import Iterable

from shared import retained
from shared.envelope import Outgoing
from shared.wire import stamped
from tests import making
from tests.making import ANN, partition_for

HOME = partition_for(making.failed(1, ANN))
LIMIT = 20_000  # Of that broker.


def told(number: int, size: int = 100, topic: str = "told") -> Outgoing:
    value = b"%d:" % number + b"a" * size
    return Outgoing(topic, HOME, stamped(ANN.encode(), value, (), 0))


def numbers(values: Iterable[bytes | None]) -> list[int]:
    return [int((value or b"").partition(b":")[0]) for value in values]


async def numbers_of(servers: str, topic: str) -> list[int]:
    found = list[int]()
    async with asyncio.timeout(20), retained.opened(servers) as kept:
        places = await kept.places([topic])
        begin, end = await kept.begin(places), await kept.end(places)
        for place in places:
            async for records in kept.read(place, begin[place], end[place]):
                found += numbers(record.value for record in records)
    return found
