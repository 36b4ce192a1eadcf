"""Where a page ended, as an opaque word: the key of its last row, never an offset.

So the page that follows is right while rows arrive: none is shown twice, none is missed that was
there before.
"""

import base64
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from shared.contracts.asking import Page
from shared.contracts.errors import Error, Problem, invalid

Key = TypeVar("Key", bound=tuple[object, ...])

NOT_OURS = [Problem(path="params.page.cursor", reason="Expected the `next_cursor` of a page")]


def cursor_of(query: str, key: Sequence[object]) -> str:
    """The word by which a client asks for the rows that follow a key."""
    written = msgspec.msgpack.encode((query, msgspec.msgpack.encode(key)))
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def start_of(page: Page, query: str, key: type[Key]) -> Key | Error | None:
    """The key after which a page begins; None: it is the first one."""
    if page.cursor is None:
        return None
    try:
        return key_in(page.cursor, query, key)
    except ValueError:
        return invalid(NOT_OURS)


def key_in(cursor: str, query: str, key: type[Key]) -> Key:
    """Read a cursor of ours; ValueError for any other word, also for one of another query."""
    padded = cursor.encode() + b"=" * (-len(cursor) % 4)
    written = base64.b64decode(padded, altchars=b"-_", validate=True)
    asked, packed = msgspec.msgpack.decode(written, type=tuple[str, bytes])
    if asked != query:
        raise ValueError(f"a cursor of {asked}")
    return msgspec.msgpack.decode(packed, type=key)
