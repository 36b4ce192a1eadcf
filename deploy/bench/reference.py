"""The naive way as a measured party: its tables, its accounts, its processes."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.bench.naive_rows import SCHEMA, Account, Base
from deploy.bench.rig import BALANCE_CREDITS, OPERATION_TOPICS, Rig, superuser_url
from deploy.local import environment
from deploy.local.programs import Program

GROUP = "naive"
MODULE = "deploy.bench.naive"


def workers(rig: Rig, count: int) -> list[Program]:
    return [rig.program(f"{GROUP}-{number}", [MODULE]) for number in range(1, count + 1)]


async def prepare(rig: Rig, accounts: Sequence[str]) -> None:
    """Make its tables anew, with rich accounts, and let it begin at the end of the topics."""
    url = superuser_url(rig.home).replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    await rig.database.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    await rig.database.copy_records_to_table(
        Account.__tablename__,
        schema_name=SCHEMA,
        records=((account, BALANCE_CREDITS, 0) for account in accounts),
        columns=["account_id", "balance", "held"],
    )
    await rig.database.execute("VACUUM ANALYZE naive.accounts")
    await skip_the_past(rig)


async def skip_the_past(rig: Rig) -> None:
    """Commit the ends of its topics in its name: what others were asked is not for it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=rig.environment[environment.KAFKA],
        group_id=GROUP,
        enable_auto_commit=False,
    )
    places = [Place(t, number) for t in OPERATION_TOPICS for number in range(rig.partitions)]
    async with consumer:
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
