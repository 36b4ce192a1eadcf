"""A broken connection is a broken connection, on uvloop too; see docs/decisions.md.

aiokafka closes and renews a connection on which a write raises OSError. To write where the peer has
reset the connection uvloop raises RuntimeError instead (aiokafka#1038, open in 0.14). That ends
without a word the task by which a client learns where partitions are: it waits for ever then, for
a broker that has long been back.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError

Send: TypeAlias = Callable[..., Any]  # aiokafka has no types.


def closing_what_was_reset(send: Send) -> Send:
    """Send, or close what cannot be written to: KafkaConnectionError, as on any other loop."""

    @wraps(send)
    def send_or_close(connection: AIOKafkaConnection, *what: object, **how: object) -> object:
        try:
            return send(connection, *what, **how)
        except KafkaError:  # Which is a RuntimeError, too.
            raise
        except RuntimeError as error:
            if not connection._writer.transport.is_closing():  # noqa: SLF001 - it shows no other.
                raise
            connection.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
            raise KafkaConnectionError(f"{connection} was reset") from error

    return send_or_close


AIOKafkaConnection.send = closing_what_was_reset(AIOKafkaConnection.send)
AIOKafkaConnection._send_sasl_token = closing_what_was_reset(  # noqa: SLF001
    AIOKafkaConnection._send_sasl_token  # noqa: SLF001
)
