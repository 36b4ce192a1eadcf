"""The limit of the database: the rows of operations, copied in with nothing decided about them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.bench import laps
from deploy.bench.crew import Crew, working
from deploy.bench.figures import Rate
from deploy.bench.kinds import LIFE
from deploy.bench.laps import Lap
from deploy.bench.load import whole
from deploy.bench.rig import Rig
from deploy.bench.throughput import ACCOUNTS, REPEATS, same_accounts

OPERATIONS = 30_000


@dataclass(frozen=True, slots=True)
class Copy:
    """Tables in which every operation has one row, filled with what credits itself wrote there."""

    name: str
    title: str
    tables: Sequence[str]
    processes: int = 1

    async def measure(self, rig: Rig) -> Rate:
        accounts = same_accounts(ACCOUNTS)
        with working(rig.workers(self.processes)) as crew:
            await rig.caught_up()
            await rig.fund(accounts)
            load = whole(rig.pipeline.lives(OPERATIONS, accounts))
            await laps.run(rig, crew, load, LIFE.effect)
        files = {table: await copied(rig, table) for table in self.tables}
        laps_ = [await self.lap(rig, files) for _ in range(REPEATS)]
        return Rate.of(self.name, self.title, laps_)

    async def lap(self, rig: Rig, files: dict[str, bytes]) -> Lap:
        await rig.database.execute(f"TRUNCATE {', '.join(files)}")
        before = rig.servers.read([])
        for table, rows in files.items():
            await rig.database.copy_to_table(table, source=io.BytesIO(rows), format="binary")
        ended = rig.servers.read([])
        rate = OPERATIONS / (ended.at - before.at)
        return laps.lap(Crew(()), OPERATIONS, rate, (before, ended))


async def copied(rig: Rig, table: str) -> bytes:
    """All rows of a table as COPY writes and reads them."""
    file = io.BytesIO()
    query = f"SELECT * FROM {table}"  # noqa: S608 - A table of ours.
    await rig.database.copy_from_query(query, output=file, format="binary")
    return file.getvalue()
