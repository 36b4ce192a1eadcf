"""What a broker that went away breaks is renewed, on the loop that services run on.

What may never happen:

1. A write to a connection that was just reset ends a task of aiokafka for good.
2. A failure that is no broken connection is taken for one.
"""

import asyncio
import socket
import struct

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from shared import breaking

ENOUGH_SECONDS = 20.0
AT_ONCE = struct.pack("ii", 1, 0)  # Linger for no second: a close is a reset.

assert breaking, "it replaces what is tested here"


class Gate:
    """Lets connections through to a broker, and resets them all when told."""

    def __init__(self, servers: str) -> None:
        self._host, _, self._port = servers.partition(":")
        self._writers: list[asyncio.StreamWriter] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection(self._host, int(self._port))
        self._writers += [writer, out]
        await asyncio.gather(copy(reader, out), copy(there, writer), return_exceptions=True)

    def reset(self) -> None:
        for writer in self._writers:
            plug: socket.socket = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65_536):
        writer.write(some)


async def reset_and_write_at_once(servers: str) -> Exception:
    """Lose a connection, and write before aiokafka's own reader has learnt of it."""
    gate = Gate(servers)
    server = await asyncio.start_server(gate, "127.0.0.1", 0)
    connection = AIOKafkaConnection(*server.sockets[0].getsockname(), request_timeout_ms=5_000)
    await connection.connect()
    written = asyncio.get_running_loop().create_future()
    protocol = connection._protocol  # noqa: SLF001 - aiokafka shows no other.
    lose = protocol.connection_lost

    def write() -> None:
        try:
            connection.send(MetadataRequest([]))
        except (KafkaError, RuntimeError) as error:
            written.set_result(error)

    def lose_and_write(reason: Exception | None) -> None:
        lose(reason)
        asyncio.get_running_loop().call_soon(write)

    protocol.connection_lost = lose_and_write
    gate.reset()
    error: Exception = await asyncio.wait_for(written, ENOUGH_SECONDS)
    assert not connection.connected()
    server.close()
    return error


def test_a_write_to_a_connection_that_was_just_reset_is_an_error_of_kafka(
    environment: dict[str, str],
) -> None:
    error = uvloop.run(reset_and_write_at_once(environment["KAFKA_BOOTSTRAP_SERVERS"]))

    assert isinstance(error, KafkaConnectionError)


def test_who_writes_to_a_connection_that_is_closed_already_is_told_so(
    environment: dict[str, str],
) -> None:
    async def write() -> None:
        host, _, port = environment["KAFKA_BOOTSTRAP_SERVERS"].partition(":")
        connection = AIOKafkaConnection(host, int(port), request_timeout_ms=5_000)
        await connection.connect()
        connection.close()
        connection.send(MetadataRequest([]))

    with pytest.raises(KafkaConnectionError, match="No connection"):
        uvloop.run(write())


def test_another_failure_stays_what_it_is(environment: dict[str, str]) -> None:
    class Unwritable:
        API_KEY = 3

        def prepare(self, _: object) -> None:
            raise RuntimeError("of ours")

    async def write() -> None:
        client = AIOKafkaClient(bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"])
        await client.bootstrap()
        try:
            await client.send(client.get_random_node(), Unwritable())
        finally:
            await client.close()

    with pytest.raises(RuntimeError, match="of ours"):
        uvloop.run(write())
