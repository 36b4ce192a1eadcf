"""The naive way as a measured party: its tables, its accounts, its processes."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.bench.load import KEYWORDS
from deploy.bench.naive.rows import SCHEMA, Account, Base, Counter
from deploy.bench.rig import Rig, superuser_url
from deploy.bench.subjects import BALANCE_CREDITS, CREDITS, LIMITS, ROOM, Filling
from deploy.local import environment
from deploy.local.programs import Program

MODULE = "deploy.bench.naive"


def workers(rig: Rig, count: int) -> list[Program]:
    """So many processes that do the service's work."""
    command = [MODULE, rig.subject.name]
    return [rig.program(f"{SCHEMA}-{number}", command) for number in range(1, count + 1)]


async def prepare(rig: Rig, accounts: Sequence[str]) -> None:
    """Make its tables anew, with rich accounts, and let it begin at the end of the topics."""
    url = superuser_url(rig.home).replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    await rig.database.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    table, columns, rows = beginning(rig, accounts)
    await rig.database.copy_records_to_table(
        table, schema_name=SCHEMA, records=rows, columns=columns
    )
    await rig.database.execute(f"VACUUM ANALYZE {SCHEMA}.{table}")
    await skip_the_past(rig)


def beginning(rig: Rig, accounts: Sequence[str]) -> Filling:
    """As much as the service's own accounts have."""
    named = {
        CREDITS.name: Filling(
            Account.__tablename__,
            ("account_id", "balance", "held"),
            ((account, BALANCE_CREDITS, 0) for account in accounts),
        ),
        LIMITS.name: Filling(
            Counter.__tablename__,
            ("account_id", "limit_type", "used", "held", "allowed"),
            ((account, KEYWORDS, 0, 0, ROOM) for account in accounts),
        ),
    }
    return named[rig.subject.name]


async def skip_the_past(rig: Rig) -> None:
    """Commit the ends of its topics in its name: what others were asked is not for it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=rig.environment[environment.KAFKA],
        group_id=SCHEMA,
        enable_auto_commit=False,
    )
    places = [Place(t, n) for t in rig.subject.asked for n in range(rig.partitions)]
    async with consumer:
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
